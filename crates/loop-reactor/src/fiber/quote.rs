//! Quotes: fibers that are put below another part of the tree than the one that says so.

use std::marker::PhantomData;
use std::rc::Rc;

use crate::fiber::hooks::only;
use crate::fiber::record::{Element, Given, Key};
use crate::fiber::{Fiber, List, captures_nothing};
use crate::handle::{Computed, Handle as _, Signal};
use crate::stop::Stop;

/// A fiber on its way to the tree of the name `R`.
struct Quote<R> {
    /// Whose it is.
    key: Rc<str>,
    /// What is put there: what was given, or something around it.
    element: Rc<dyn Element>,
    inner: Rc<dyn Element>,
    to: PhantomData<fn() -> R>,
}

/// The name of the way back from a tree `R`.
struct Origin<R>(PhantomData<R>);

/// What is unquoted, once somebody hears it.
type Back<R> = Signal<Option<Computed<Option<List<Quote<Origin<R>>>>>>>;

struct Around<R> {
    inner: Rc<dyn Element>,
    back: Back<R>,
}

impl<R> PartialEq for Around<R> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner) && self.back == other.back
    }
}

impl Fiber<'_> {
    /// Opens a second tree beside a part of this one: what fibers below [quote](Fiber::quote) to `R`, which is a type that serves
    /// as the name, is put there, in the order of those fibers.
    ///
    /// So one component says what belongs to several trees: what is drawn, what is heard, what is sent. When fibers of the first
    /// tree come, go or move, so do those of the second; each keeps its state. The second tree runs after the first, and sees the
    /// contexts that reach this fiber.
    ///
    /// # Errors
    ///
    /// What `below` gives.
    pub fn reconcile<R: 'static>(
        &mut self,
        below: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let quotes = self.gather::<Quote<R>>(below)?;
        self.child(second::<R>, quotes);
        Ok(())
    }

    /// Puts a fiber into the nearest tree `R` that is [opened](Fiber::reconcile) above. Where there is none, it is nowhere.
    ///
    /// From within a second tree, this reaches one that is opened further up.
    pub fn quote<R, F, P>(&mut self, name: &'static str, component: F, props: P)
    where
        R: 'static,
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        self.quote_as::<R, _, _>(name, component, props, |inner| inner);
    }

    /// The same, with a way back: what the quoted fiber or one below it [unquotes](Fiber::unquote) is put below this fiber.
    ///
    /// So a part of one tree asks another for what only that can tell, and what is made of it stands where it was asked: it sees the
    /// contexts that reach this fiber, and yields to whom this fiber yields. It comes where a child that is put now would.
    pub fn quote_returning<R, F, P>(&mut self, name: &'static str, component: F, props: P)
    where
        R: 'static,
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        let back: Option<Back<R>> = self.hook(name, |graph| {
            let signal = graph.signal(None);
            Ok((signal, only(signal.id())))
        });
        let Some(back) = back else {
            return;
        };
        self.quote_as::<R, _, _>(name, component, props, |inner| {
            Rc::new(Given {
                component: around::<R>,
                props: Around { inner, back },
            })
        });
        self.child(returned::<R>, back);
    }

    /// Puts a fiber below the one that quoted this one, or one above this one, into the nearest tree `R`
    /// [with a way back](Fiber::quote_returning). Where there is none, it is nowhere.
    pub fn unquote<R, F, P>(&mut self, name: &'static str, component: F, props: P)
    where
        R: 'static,
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        self.quote::<Origin<R>, F, P>(name, component, props);
    }

    /// Quotes what is made of an element.
    fn quote_as<R, F, P>(
        &mut self,
        name: &'static str,
        component: F,
        props: P,
        wrap: impl FnOnce(Rc<dyn Element>) -> Rc<dyn Element>,
    ) where
        R: 'static,
        F: Fn(&mut Fiber<'_>, &P) -> Result<(), Stop> + 'static,
        P: PartialEq + 'static,
    {
        const { captures_nothing::<F>() }
        let id = self.id;
        let hook: Option<Signal<Option<Quote<R>>>> = self.hook(name, |graph| {
            let signal = graph.signal(None);
            graph.said_by(signal.id(), id.index);
            Ok((signal, only(signal.id())))
        });
        let Some(signal) = hook else {
            return;
        };
        let known = self.graph.peek(signal).flatten();
        let same = known.as_ref().is_some_and(|quote: &Quote<R>| {
            let there = (*quote.inner).as_any().downcast_ref::<Given<F, P>>();
            there.is_some_and(|there| there.props == props)
        });
        let quote = match known {
            Some(quote) if same => quote,
            known => {
                let key = known.map_or_else(
                    || format!("{}:{name}", self.graph.path(id).unwrap_or_default()).into(),
                    |quote| quote.key,
                );
                let inner: Rc<dyn Element> = Rc::new(Given { component, props });
                let quote = Quote {
                    key,
                    element: wrap(inner.clone()),
                    inner,
                    to: PhantomData,
                };
                let kept = Some(quote.clone());
                self.later(move |graph| graph.set(signal, kept));
                quote
            }
        };
        self.yields(quote);
    }

    /// Puts quoted fibers below this one.
    fn put_quoted<R: 'static>(&mut self, quotes: &List<Quote<R>>) {
        for quote in quotes {
            self.put_element(Key::Quote(quote.key.clone()).into(), &quote.element);
        }
    }
}

/// The root of a second tree.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]
fn second<R: 'static>(f: &mut Fiber<'_>, quotes: &Computed<List<Quote<R>>>) -> Result<(), Stop> {
    let quotes = f.get(*quotes)?;
    f.put_quoted(&quotes);
    Ok(())
}

/// Around a quoted fiber: hears what is unquoted.
fn around<R: 'static>(f: &mut Fiber<'_>, props: &Around<R>) -> Result<(), Stop> {
    let unquoted = f.hear(|f| {
        f.put_element(Key::Place(0).into(), &props.inner);
        Ok(())
    })?;
    let back = props.back;
    if f.graph.look(back) != Some(&Some(unquoted)) {
        f.later(move |graph| graph.set(back, Some(unquoted)));
    }
    Ok(())
}

/// What is unquoted, below who quoted.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]
fn returned<R: 'static>(f: &mut Fiber<'_>, back: &Back<R>) -> Result<(), Stop> {
    if let Some(unquoted) = f.get(*back)?
        && let Some(quotes) = f.get(unquoted)?
    {
        f.put_quoted(&quotes);
    }
    Ok(())
}

impl<R> Clone for Quote<R> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            element: self.element.clone(),
            inner: self.inner.clone(),
            to: PhantomData,
        }
    }
}

impl<R> PartialEq for Quote<R> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && Rc::ptr_eq(&self.element, &other.element)
    }
}
