//! Quotes: fibers that are put below another part of the tree than the one that says so.

use std::marker::PhantomData;
use std::rc::Rc;

use crate::fiber::hooks::only;
use crate::fiber::record::{Element, Given, Key};
use crate::fiber::{Fiber, List};
use crate::handle::{Computed, Handle as _, Signal};
use crate::stop::Stop;

/// A fiber on its way to the tree of the name `R`.
struct Quote<R> {
    /// Whose it is.
    key: Rc<str>,
    element: Rc<dyn Element>,
    to: PhantomData<fn() -> R>,
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
        const {
            assert!(
                size_of::<F>() == 0,
                "a component captures nothing: what it needs is in its props"
            );
        }
        let id = self.id;
        let mut first = Some(Given { component, props });
        let hook: Option<Signal<Option<Quote<R>>>> = self.hook(name, |graph| {
            let key = format!("{}:{name}", graph.path(id).unwrap_or_default());
            let quote = first.take().map(|element| Quote::new(key.into(), element));
            let signal = graph.signal(quote);
            graph.said_by(signal.id(), id.index);
            Ok((signal, only(signal.id())))
        });
        let Some(signal) = hook else {
            return;
        };
        let Some(mut quote) = self.graph.peek(signal).flatten() else {
            return;
        };
        if let Some(element) = first {
            let there = (*quote.element).as_any().downcast_ref::<Given<F, P>>();
            if there.is_none_or(|there| there.props != element.props) {
                quote = Quote::new(quote.key, element);
                let quote = Some(quote.clone());
                self.later(move |graph| graph.set(signal, quote));
            }
        }
        self.yields(quote);
    }
}

/// The root of a second tree.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]
fn second<R: 'static>(f: &mut Fiber<'_>, quotes: &Computed<List<Quote<R>>>) -> Result<(), Stop> {
    for quote in &f.get(*quotes)? {
        f.put_element(Key::Quote(quote.key.clone()).into(), &quote.element);
    }
    Ok(())
}

impl<R> Quote<R> {
    fn new(key: Rc<str>, element: impl Element + 'static) -> Self {
        Self {
            key,
            element: Rc::new(element),
            to: PhantomData,
        }
    }
}

impl<R> Clone for Quote<R> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            element: self.element.clone(),
            to: PhantomData,
        }
    }
}

impl<R> PartialEq for Quote<R> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && Rc::ptr_eq(&self.element, &other.element)
    }
}
