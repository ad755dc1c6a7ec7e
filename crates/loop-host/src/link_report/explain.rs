//! For each import that is left, what comes nearest and what to do.

use std::collections::HashMap;

use loop_core::name::InterfaceName;
use semver::Version;

use crate::link_report::{Difference, Line, Missing, Offer, Offers, Origin, Skew, Why, compatible};
use crate::shape::{Interface, Item, Shape};

/// The most offers that are shown as near.
const NEAREST_MAX: usize = 3;

/// The most imports that are reported: somebody who reads a hundred has another problem.
const MISSING_MAX: usize = 100;

/// The most offers whose names are compared with one that nobody offers; real apps have some hundred.
const COMPARED_MAX: usize = 2000;

/// How alike two names must be to count as near, from 0 to 1: one wrong letter in ten, or two swapped.
const NEAR: f64 = 0.9;

/// The imports of a component that nothing satisfies, in their order, at most a hundred.
///
/// An import of the host's own interfaces is satisfied if the host has that track of it, such as 0.2, with all
/// functions that are wanted, as wasmtime links it: also if the component was built with a newer version.
pub fn missing(shape: &Shape, offers: &Offers) -> Vec<Missing> {
    let mut by_name: HashMap<InterfaceName, Vec<&Offer>> = HashMap::new();
    for offer in &offers.all {
        by_name
            .entry(offer.name.unversioned())
            .or_default()
            .push(offer);
    }
    let unsatisfied = shape.imports.iter().filter_map(|item| match item {
        // What names only types of values is there without a provider, as linkers see it.
        Item::Interface(interface) if !interface.has_substance() => None,
        Item::Interface(interface) => match &interface.id {
            Some(id) => {
                let same_name = by_name.get(&id.unversioned());
                judge(interface, id, same_name.map_or(&[], Vec::as_slice), offers)
            }
            None => Some(apart(
                item,
                "an interface without a package",
                interface.wit(),
            )),
        },
        Item::Function(function) => {
            let wit = format!("import {};\n", shape.signature(function));
            Some(apart(item, "a function", wit))
        }
        // Types in a world only name types of its interfaces.
        Item::Type(_) => None,
        Item::Other { what, .. } => Some(apart(item, &format!("a {what}"), String::new())),
    });
    unsatisfied.take(MISSING_MAX).collect()
}

/// What is missing of an interface; none if it is satisfied.
fn judge(
    interface: &Interface,
    id: &InterfaceName,
    same_name: &[&Offer],
    offers: &Offers,
) -> Option<Missing> {
    let mut fitting: Vec<(&Offer, Vec<Line>)> = same_name
        .iter()
        .filter(|offer| fits(offer, id))
        .map(|offer| (*offer, difference(interface, offer)))
        .collect();
    // Those without a difference first, the others as they were offered.
    fitting.sort_by_key(|(_, difference)| !difference.is_empty());
    let Some((best, difference)) = fitting.first().cloned() else {
        return Some(if same_name.is_empty() {
            unheard(interface, id, offers)
        } else {
            skewed(interface, id, same_name)
        });
    };
    if !difference.is_empty() && best.name.version < id.version {
        return Some(skewed(interface, id, &[best]));
    }
    let provided =
        best.from == Origin::BuiltIn || offers.provided.iter().any(|provided| provided.serves(id));
    let (why, hint) = match (difference.is_empty(), provided) {
        (true, true) => return None,
        (true, false) => (Why::NotProvided, provide_hint(id, &best.from, offers)),
        (false, _) => (Why::Shape, same_wit_hint(best)),
    };
    let nearest = fitting
        .iter()
        .map(|(offer, _)| (*offer).clone())
        .take(NEAREST_MAX)
        .collect();
    Some(Missing {
        wanted: interface.name.clone(),
        wanted_wit: interface.wit(),
        why,
        nearest,
        difference,
        hints: vec![hint],
    })
}

/// Whether the version of an offer can stand for the wanted one.
fn fits(offer: &Offer, wanted: &InterfaceName) -> bool {
    match offer.from {
        // wasmtime links any version of a track; that a newer one has more functions shows later.
        Origin::BuiltIn => fits_version(&offer.name, wanted) || fits_version(wanted, &offer.name),
        Origin::Native(_) | Origin::Component(_) => fits_version(&offer.name, wanted),
    }
}

/// As [`InterfaceName::serves`], and a draft goes with itself only, as linkers see it.
fn fits_version(offered: &InterfaceName, wanted: &InterfaceName) -> bool {
    let draft = |name: &InterfaceName| {
        name.version
            .as_ref()
            .is_some_and(|version| !version.pre.is_empty())
    };
    if draft(offered) || draft(wanted) {
        offered == wanted
    } else {
        offered.serves(wanted)
    }
}

/// An interface that is offered in no version.
fn unheard(interface: &Interface, id: &InterfaceName, offers: &Offers) -> Missing {
    let mut alike: Vec<(f64, &Offer)> = offers
        .all
        .iter()
        .take(COMPARED_MAX)
        .map(|offer| (likeness(id, &offer.name), offer))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let nearest: Vec<Offer> = alike
        .into_iter()
        .map(|(_, offer)| offer.clone())
        .take(NEAREST_MAX)
        .collect();
    let mut hints = Vec::new();
    if let Some(near) = nearest.first() {
        hints.push(format!(
            "{} offers `{}`, which has a similar name",
            near.from, near.name
        ));
    }
    let why = if id.namespace == "wasi" {
        let mut packages: Vec<&str> = offers
            .all
            .iter()
            .filter(|offer| offer.from == Origin::BuiltIn && offer.name.namespace == "wasi")
            .map(|offer| offer.name.package.as_str())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        hints.push(format!(
            "of WASI this host has {}; another component can provide the rest",
            packages.join(", ")
        ));
        Why::UnknownWasi
    } else {
        Why::Nobody
    };
    hints.push(provide_by_anyone_hint(id, offers));
    Missing {
        wanted: interface.name.clone(),
        wanted_wit: interface.wit(),
        why,
        nearest,
        difference: Vec::new(),
        hints,
    }
}

/// How alike two names are, without their versions; 1 is the same.
fn likeness(wanted: &InterfaceName, offered: &InterfaceName) -> f64 {
    let text = |name: &InterfaceName| name.unversioned().to_string();
    strsim::normalized_damerau_levenshtein(&text(wanted), &text(offered))
}

/// An interface that is offered in other versions only.
fn skewed(interface: &Interface, id: &InterfaceName, same_name: &[&Offer]) -> Missing {
    let mut nearest: Vec<Offer> = same_name.iter().map(|offer| (*offer).clone()).collect();
    nearest.sort_by_key(|offer| distance(id.version.as_ref(), offer.name.version.as_ref()));
    nearest.truncate(NEAREST_MAX);
    let best = nearest.first();
    let offered = best.and_then(|offer| offer.name.version.clone());
    let skew = skew(id.version.as_ref(), offered.as_ref());
    let version =
        |version: Option<&Version>| version.map_or_else(|| "none".to_owned(), Version::to_string);
    let theirs = version(offered.as_ref());
    let ours = version(id.version.as_ref());
    let host = best.is_none_or(|offer| offer.from == Origin::BuiltIn);
    let mut hints = vec![match (host, skew) {
        (true, Skew::Older) => format!(
            "the component was built for {ours}, and this host has {theirs}: build it with WIT of {theirs}, or take a newer host"
        ),
        (true, _) => format!("build the component with WIT of {theirs}"),
        (false, Skew::Older) => format!(
            "take a provider that was built with {ours} or newer, or build the component with WIT of {theirs}"
        ),
        (false, _) => format!(
            "build both with the same version: the component wants {ours}, what is offered has {theirs}"
        ),
    }];
    if skew == Skew::Draft {
        hints.push("drafts change without notice; WIT of a release stays compatible".to_owned());
    }
    Missing {
        wanted: interface.name.clone(),
        wanted_wit: interface.wit(),
        why: Why::Version {
            offered: theirs,
            skew,
        },
        difference: best
            .map(|offer| difference(interface, offer))
            .unwrap_or_default(),
        nearest,
        hints,
    }
}

fn skew(wanted: Option<&Version>, offered: Option<&Version>) -> Skew {
    let (Some(wanted), Some(offered)) = (wanted, offered) else {
        return Skew::OtherTrack;
    };
    if !wanted.pre.is_empty() || !offered.pre.is_empty() {
        return Skew::Draft;
    }
    let same_track =
        wanted.major == offered.major && (wanted.major > 0 || wanted.minor == offered.minor);
    if same_track && offered < wanted {
        Skew::Older
    } else {
        Skew::OtherTrack
    }
}

/// How far two versions are apart, the major number first.
fn distance(wanted: Option<&Version>, offered: Option<&Version>) -> (u64, u64, u64) {
    let (Some(a), Some(b)) = (wanted, offered) else {
        return (u64::MAX, 0, 0);
    };
    (
        a.major.abs_diff(b.major),
        a.minor.abs_diff(b.minor),
        a.patch.abs_diff(b.patch),
    )
}

/// An import that no interface holds.
fn apart(item: &Item, what: &str, wit: String) -> Missing {
    Missing {
        wanted: item.name().to_owned(),
        wanted_wit: wit,
        why: Why::NotAnInterface {
            what: what.to_owned(),
        },
        nearest: Vec::new(),
        difference: Vec::new(),
        hints: vec![
            "put it into an interface of a package, such as `acme:store/kv`, and import that"
                .to_owned(),
        ],
    }
}

/// How what is offered differs from what is wanted; empty if it does not, or nobody knows.
fn difference(wanted: &Interface, offer: &Offer) -> Vec<Line> {
    let Some(offered) = &offer.interface else {
        return Vec::new();
    };
    match compatible(wanted, offered) {
        Ok(()) => Vec::new(),
        Err(differences) => differences.iter().flat_map(Difference::lines).collect(),
    }
}

fn same_wit_hint(offer: &Offer) -> String {
    match offer.from {
        Origin::BuiltIn => format!("build the component with the WIT of `{}`", offer.name),
        Origin::Native(_) | Origin::Component(_) => {
            format!("build both with the same WIT of `{}`", offer.name)
        }
    }
}

/// The lines for `loop.toml` that take an interface from somebody who offers it.
fn provide_hint(id: &InterfaceName, from: &Origin, offers: &Offers) -> String {
    let line = match from {
        Origin::Component(name) => format!("component = \"{name}\""),
        Origin::Native(name) => format!("placement = \"native\"\nprovider = \"{name}\""),
        Origin::BuiltIn => "placement = \"native\"".to_owned(),
    };
    let of_package = |offer: &&Offer| {
        let name = &offer.name;
        offer.from == *from && (&name.namespace, &name.package) == (&id.namespace, &id.package)
    };
    let import = if offers.all.iter().filter(of_package).count() > 1 {
        format!("{}:{}", id.namespace, id.package)
    } else {
        id.unversioned().to_string()
    };
    format!(
        "add to loop.toml:\n{}\n{line}",
        provide_header(&import, offers)
    )
}

/// The lines for `loop.toml` where nobody offers it yet.
fn provide_by_anyone_hint(id: &InterfaceName, offers: &Offers) -> String {
    format!(
        "name who provides it, in loop.toml:\n{}\nuse = \"providers/{}\"     # a folder or a .wasm file that exports it\n# component = \"NAME\"     # or a component of the same app that exports it",
        provide_header(&id.unversioned().to_string(), offers),
        id.interface,
    )
}

fn provide_header(import: &str, offers: &Offers) -> String {
    let app = offers.app.as_deref().unwrap_or("NAME");
    format!("[app.{app}.provide.\"{import}\"]")
}
