//! Resources: values that the host gets, while the program goes on.

use std::rc::Rc;

use crate::fiber::Fiber;
use crate::fiber::host::Told;
use crate::handle::{Computed, Handle as _, Id, Signal};
use crate::stop::Stop;

/// How far the host is with the answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Load<T> {
    /// It is at it.
    Waiting {
        /// How much is done, in units of the host's choice.
        done: u64,
        /// Of how much, if that is known.
        of: Option<u64>,
    },
    /// Here it is.
    Ready(T),
    /// There will be none, and why.
    Failed(String),
}

/// A value that the host gets: see [`Fiber::resource`].
#[derive(Debug)]
pub struct Resource<T> {
    load: Signal<Load<T>>,
    value: Computed<T>,
}

/// A question to the host, which it finds as the value of a [`Command`](crate::fiber::Command).
///
/// It writes the answer, and how far it is, into the signal. When the question is not asked any more, the command to clean
/// up says so, and the signal is [gone](crate::Failure::Gone): an answer that comes too late cannot be taken for another one's.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask<Q, T> {
    /// What is asked.
    pub question: Q,
    /// Where the answer is put.
    pub answer: Signal<Load<T>>,
}

/// There will be no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unanswered(String);

struct Asked<T> {
    told: Told,
    resource: Resource<T>,
}

impl<T> Load<T> {
    /// Nothing is done yet.
    const BEGUN: Self = Self::Waiting { done: 0, of: None };
}

impl<T> Resource<T> {
    /// The answer. Reading it stops while there is none.
    pub fn value(self) -> Computed<T> {
        self.value
    }

    /// How far the host is.
    pub fn load(self) -> Signal<Load<T>> {
        self.load
    }
}

impl Fiber<'_> {
    /// Asks the host a question, again when it is another one.
    ///
    /// The host is told to set up an [`Ask`], and answers it with a tick. As soon as there is an answer, it is told to clean up: there is
    /// nothing left to do. If the program goes back to before the answer, it is told to set up once more.
    ///
    /// ```
    /// use loop_reactor::fiber::{Ask, Load};
    /// use loop_reactor::{Fiber, Graph, Stop};
    ///
    /// fn weather(f: &mut Fiber<'_>, town: &&'static str) -> Result<(), Stop> {
    ///     let degrees = f.resource::<_, i32>("weather", *town).value();
    ///     let degrees = f.get(degrees)?;
    ///     f.effect("screen", format!("{degrees} degrees in {town}"));
    ///     Ok(())
    /// }
    ///
    /// let mut graph = Graph::new();
    /// graph.mount(weather, "Oslo");
    /// let commands = graph.take_commands();
    /// let ask = commands[0].value::<Ask<&str, i32>>().unwrap();
    /// assert_eq!(ask.question, "Oslo");
    ///
    /// graph.set(ask.answer, Load::Ready(-3))?;
    /// let commands = graph.take_commands();
    /// assert_eq!(commands[1].value::<String>().unwrap(), "-3 degrees in Oslo");
    /// # Ok::<(), loop_reactor::Failure>(())
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a question is given, as props are"
    )]
    pub fn resource<Q, T>(&mut self, name: &'static str, question: Q) -> Resource<T>
    where
        Q: Clone + PartialEq + 'static,
        T: Clone + PartialEq + 'static,
    {
        let same = |asked: &Rc<Asked<T>>| {
            let ask: Option<&Ask<Q, T>> = asked.told.value();
            ask.is_some_and(|ask| ask.question == question)
        };
        let asked = self.hook_like(name, same, |graph| {
            let load = graph.signal(Load::<T>::BEGUN);
            let value = graph.computed(move |cx| match cx.read(load)? {
                Load::Waiting { .. } => Err(Stop::Pending),
                Load::Ready(value) => Ok(value.clone()),
                Load::Failed(why) => Err(Stop::failed(Unanswered(why.clone()))),
            });
            let ask = Ask {
                question: question.clone(),
                answer: load,
            };
            let told = Told::new(name, ask);
            let waits = told.clone();
            graph.host(load, move |load: &Load<T>| {
                matches!(load, Load::Waiting { .. }).then(|| waits.clone())
            });
            graph.cx.touch(load.id().index);
            let resource = Resource { load, value };
            Ok((Rc::new(Asked { told, resource }), [load.id(), value.id()]))
        });
        asked.map_or(Resource::NOWHERE, |asked| asked.resource)
    }
}

impl<T> Resource<T> {
    const NOWHERE: Self = Self {
        load: Signal::new(Id::NOWHERE),
        value: Computed::new(Id::NOWHERE),
    };
}

// By hand, for a derive would ask the same of the values.

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Resource<T> {}

impl<T> PartialEq for Resource<T> {
    fn eq(&self, other: &Self) -> bool {
        self.load == other.load
    }
}
