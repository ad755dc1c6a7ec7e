//! Whether two interfaces mean the same, by the structure of their types.

use std::collections::{HashMap, HashSet};

use crate::link_report::{Line, lines};
use crate::shape::{Definitions, Function, Interface, Type, TypeId, TypeKind, declaration};

/// The most differences that are reported: by then it is another interface.
pub const DIFFERENCES_MAX: usize = 32;

/// One way in which an offered interface is not the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A function is wanted that is not offered.
    FunctionMissing {
        /// Its name: `get`, or `bucket.get` for one of a resource.
        name: String,
        /// Its line of WIT.
        wanted: String,
    },
    /// A function has another signature.
    Signature {
        /// Its name.
        name: String,
        /// The wanted line of WIT.
        wanted: String,
        /// The offered one.
        offered: String,
    },
    /// A named type that functions use, directly or within others, has another structure.
    Type {
        /// Its name where it is wanted.
        name: String,
        /// The wanted declaration, on several lines.
        wanted: String,
        /// The offered one.
        offered: String,
        /// The functions that use it.
        used_by: Vec<String>,
    },
}

impl Difference {
    /// The difference as lines of WIT.
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Self::FunctionMissing { name, wanted } => vec![
                Line::Title(format!("function `{name}` is missing")),
                Line::Wanted(wanted.clone()),
            ],
            Self::Signature {
                name,
                wanted,
                offered,
            } => vec![
                Line::Title(format!("function `{name}` has another signature")),
                Line::Wanted(wanted.clone()),
                Line::Offered(offered.clone()),
            ],
            Self::Type {
                name,
                wanted,
                offered,
                used_by,
            } => {
                let users: Vec<_> = used_by.iter().map(|name| format!("`{name}`")).collect();
                let title = format!("type `{name}`, which {} uses, differs", users.join(", "));
                let mut all = vec![Line::Title(title)];
                all.extend(lines::difference(wanted, offered));
                all
            }
        }
    }
}

/// Whether everything that is wanted of an interface is offered, with the same types.
///
/// Types are the same if values of one are values of the other: names of records' fields and of cases count,
/// and their order; names of types and of parameters do not, and what is offered beyond what is wanted does
/// not either. Resources are the same if they have the same name.
///
/// # Errors
/// The differences, at most [`DIFFERENCES_MAX`].
pub fn compatible(wanted: &Interface, offered: &Interface) -> Result<(), Vec<Difference>> {
    let mut comparison = Comparison {
        wanted: &wanted.wit,
        offered: &offered.wit,
        known: HashMap::new(),
        culprits: Vec::new(),
    };
    let offers: HashMap<&str, &Function> = offered
        .functions
        .iter()
        .map(|function| (&*function.name, function))
        .collect();
    let mut functions = Vec::new();
    let mut users: HashMap<Pair, Vec<String>> = HashMap::new();
    for function in &wanted.functions {
        if functions.len() == DIFFERENCES_MAX {
            break;
        }
        let name = function.spoken_name();
        let wanted_text = || wanted.signature(function);
        let Some(other) = offers.get(&*function.name) else {
            functions.push(Difference::FunctionMissing {
                name: name.to_owned(),
                wanted: wanted_text(),
            });
            continue;
        };
        let mut blamed = HashSet::new();
        if comparison.function(function, other, &mut blamed) == Verdict::Differs {
            functions.push(Difference::Signature {
                name: name.to_owned(),
                wanted: wanted_text(),
                offered: offered.signature(other),
            });
        }
        for pair in blamed {
            let users = users.entry(pair).or_default();
            if users.len() < USERS_MAX {
                users.push(name.to_owned());
            }
        }
    }
    let types = comparison.culprits.iter().map(|pair| Difference::Type {
        name: wanted.wit.get(pair.0).name.clone().unwrap_or_default(),
        wanted: declaration(pair.0, &wanted.wit),
        offered: declaration(pair.1, &offered.wit),
        used_by: users.remove(pair).unwrap_or_default(),
    });
    let differences: Vec<_> = functions
        .into_iter()
        .chain(types)
        .take(DIFFERENCES_MAX)
        .collect();
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

/// The most functions that are listed as users of one type.
const USERS_MAX: usize = 4;

/// How two types compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// They are the same.
    Same,
    /// They look the same where they are used; a named type within differs, and is reported itself.
    Within,
    /// They look different where they are used.
    Differs,
}

struct Comparison<'a> {
    wanted: &'a Definitions,
    offered: &'a Definitions,
    /// What is known of pairs of types, with the culprits within. Each pair is looked at once.
    known: HashMap<Pair, (Verdict, Vec<Pair>)>,
    /// Named types that differ by themselves, in the order in which they were found.
    culprits: Vec<Pair>,
}

/// A wanted and an offered type.
type Pair = (TypeId, TypeId);

/// The named types that make a function or type differ.
type Blamed = HashSet<Pair>;

impl Comparison<'_> {
    fn function(&mut self, wanted: &Function, offered: &Function, blamed: &mut Blamed) -> Verdict {
        let params = wanted.params.iter().zip(&offered.params);
        let mut verdict = params
            .map(|((_, wanted), (_, offered))| self.types(*wanted, *offered, blamed))
            .max()
            .unwrap_or(Verdict::Same)
            .max(self.maybe(wanted.result, offered.result, blamed));
        if wanted.params.len() != offered.params.len() || wanted.is_async != offered.is_async {
            verdict = Verdict::Differs;
        }
        verdict
    }

    fn maybe(
        &mut self,
        wanted: Option<Type>,
        offered: Option<Type>,
        blamed: &mut Blamed,
    ) -> Verdict {
        match (wanted, offered) {
            (Some(wanted), Some(offered)) => self.types(wanted, offered, blamed),
            (None, None) => Verdict::Same,
            _ => Verdict::Differs,
        }
    }

    fn types(&mut self, wanted: Type, offered: Type, blamed: &mut Blamed) -> Verdict {
        match (wanted, offered) {
            (Type::Primitive(wanted), Type::Primitive(offered)) => same(wanted == offered),
            (Type::Defined(wanted), Type::Defined(offered)) => {
                let pair = (self.wanted.base(wanted), self.offered.base(offered));
                if let Some((verdict, within)) = self.known.get(&pair) {
                    blamed.extend(within);
                    return *verdict;
                }
                let mut within = Blamed::new();
                let verdict = self.defined(pair, &mut within);
                blamed.extend(&within);
                self.known.insert(
                    pair,
                    (verdict, within.into_iter().take(DIFFERENCES_MAX).collect()),
                );
                verdict
            }
            // One side has a name for the primitive type that the other side uses.
            (Type::Defined(named), Type::Primitive(plain)) => {
                same(primitive(self.wanted, named) == Some(plain))
            }
            (Type::Primitive(plain), Type::Defined(named)) => {
                same(primitive(self.offered, named) == Some(plain))
            }
        }
    }

    fn defined(&mut self, pair: Pair, blamed: &mut Blamed) -> Verdict {
        let (wanted, offered) = (self.wanted.get(pair.0), self.offered.get(pair.1));
        let verdict = self.kinds(&wanted.kind, &offered.kind, blamed);
        if verdict != Verdict::Differs {
            return verdict;
        }
        let (Some(ours), Some(theirs)) = (&wanted.name, &offered.name) else {
            return verdict;
        };
        if self.culprits.len() < DIFFERENCES_MAX {
            self.culprits.push(pair);
            blamed.insert(pair);
        }
        // Under one name the two look the same where they are used, so only the declarations tell.
        if ours == theirs {
            Verdict::Within
        } else {
            Verdict::Differs
        }
    }

    fn kinds(&mut self, wanted: &TypeKind, offered: &TypeKind, blamed: &mut Blamed) -> Verdict {
        match (wanted, offered) {
            (TypeKind::Alias(wanted), TypeKind::Alias(offered))
            | (TypeKind::List(wanted), TypeKind::List(offered))
            | (TypeKind::Option(wanted), TypeKind::Option(offered)) => {
                self.types(*wanted, *offered, blamed)
            }
            (TypeKind::Record(wanted), TypeKind::Record(offered)) => {
                let names = wanted
                    .iter()
                    .map(|field| &field.0)
                    .eq(offered.iter().map(|field| &field.0));
                let pairs = wanted
                    .iter()
                    .zip(offered)
                    .map(|(wanted, offered)| (wanted.1, offered.1));
                self.all(names, pairs, blamed)
            }
            (TypeKind::Tuple(wanted), TypeKind::Tuple(offered)) => {
                let pairs = wanted.iter().copied().zip(offered.iter().copied());
                self.all(wanted.len() == offered.len(), pairs, blamed)
            }
            (TypeKind::Variant(wanted), TypeKind::Variant(offered)) => {
                let names = wanted
                    .iter()
                    .map(|case| &case.0)
                    .eq(offered.iter().map(|case| &case.0));
                let cases = wanted.iter().zip(offered);
                cases
                    .map(|(wanted, offered)| self.maybe(wanted.1, offered.1, blamed))
                    .max()
                    .unwrap_or(Verdict::Same)
                    .max(same(names))
            }
            (TypeKind::Enum(wanted), TypeKind::Enum(offered))
            | (TypeKind::Flags(wanted), TypeKind::Flags(offered)) => same(wanted == offered),
            (TypeKind::FixedList(wanted, length), TypeKind::FixedList(offered, other)) => self.all(
                length == other,
                std::iter::once((*wanted, *offered)),
                blamed,
            ),
            (TypeKind::Map(key, value), TypeKind::Map(other_key, other_value)) => {
                let pairs = [(*key, *other_key), (*value, *other_value)];
                self.all(true, pairs.into_iter(), blamed)
            }
            (TypeKind::Result(ok, err), TypeKind::Result(other_ok, other_err)) => {
                let ok = self.maybe(*ok, *other_ok, blamed);
                ok.max(self.maybe(*err, *other_err, blamed))
            }
            (TypeKind::Stream(wanted), TypeKind::Stream(offered))
            | (TypeKind::Future(wanted), TypeKind::Future(offered)) => {
                self.maybe(*wanted, *offered, blamed)
            }
            (TypeKind::Own(wanted), TypeKind::Own(offered))
            | (TypeKind::Borrow(wanted), TypeKind::Borrow(offered)) => {
                let wanted = self.wanted.get(self.wanted.base(*wanted));
                let offered = self.offered.get(self.offered.base(*offered));
                same(wanted.name == offered.name)
            }
            (TypeKind::Resource, TypeKind::Resource) => Verdict::Same,
            _ => Verdict::Differs,
        }
    }

    /// The verdict on types whose `outline` (names, number) is the same or not, and whose parts are `pairs`.
    fn all(
        &mut self,
        outline: bool,
        pairs: impl Iterator<Item = (Type, Type)>,
        blamed: &mut Blamed,
    ) -> Verdict {
        let parts = pairs
            .map(|(wanted, offered)| self.types(wanted, offered, blamed))
            .max();
        parts.unwrap_or(Verdict::Same).max(same(outline))
    }
}

fn same(is_same: bool) -> Verdict {
    if is_same {
        Verdict::Same
    } else {
        Verdict::Differs
    }
}

/// The primitive type that `id` is a name for.
fn primitive(wit: &Definitions, id: TypeId) -> Option<&'static str> {
    match wit.get(wit.base(id)).kind {
        TypeKind::Alias(Type::Primitive(word)) => Some(word),
        _ => None,
    }
}
