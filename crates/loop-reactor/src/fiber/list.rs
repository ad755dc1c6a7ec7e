//! Lists that are joined without being copied.

use std::fmt;
use std::rc::Rc;

/// Values in an order: what was [gathered](crate::Fiber::gather). To clone it, or to join two, costs the same however many there are.
pub struct List<T> {
    root: Option<Rc<Node<T>>>,
    length: usize,
}

enum Node<T> {
    One(T),
    Two(Rc<Node<T>>, Rc<Node<T>>),
}

impl<T> List<T> {
    /// A list of one value.
    pub fn one(value: T) -> Self {
        Self {
            root: Some(Rc::new(Node::One(value))),
            length: 1,
        }
    }

    /// The values of this list, and then those of the other.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let root = match (&self.root, &other.root) {
            (Some(a), Some(b)) => Some(Rc::new(Node::Two(a.clone(), b.clone()))),
            (one, another) => one.as_ref().or(another.as_ref()).cloned(),
        };
        Self {
            root,
            length: self.length + other.length,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The values, in order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            stack: self.root.iter().collect(),
        }
    }
}

/// The values of a [`List`].
pub struct Iter<'a, T> {
    stack: Vec<&'a Rc<Node<T>>>,
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        loop {
            match &**self.stack.pop()? {
                Node::One(value) => return Some(value),
                Node::Two(a, b) => self.stack.extend([b, a]),
            }
        }
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// What both have in common is not looked into.
impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.iter().stack, other.iter().stack);
        while let (Some(first), Some(second)) = (a.pop(), b.pop()) {
            if Rc::ptr_eq(first, second) {
                continue;
            }
            match (&**first, &**second) {
                (Node::One(first), Node::One(second)) if first == second => {}
                (Node::One(_), Node::One(_)) => return false,
                (Node::One(_), Node::Two(left, right)) => {
                    a.push(first);
                    b.extend([right, left]);
                }
                (Node::Two(left, right), Node::One(_)) => {
                    a.extend([right, left]);
                    b.push(second);
                }
                (Node::Two(left, right), Node::Two(other_left, other_right)) => {
                    a.extend([right, left]);
                    b.extend([other_right, other_left]);
                }
            }
        }
        self.length == other.length
    }
}

impl<T: Eq> Eq for List<T> {}

/// By a loop, however deep the list was joined.
impl<T> Drop for List<T> {
    fn drop(&mut self) {
        let mut all: Vec<Rc<Node<T>>> = self.root.take().into_iter().collect();
        while let Some(node) = all.pop() {
            if let Some(Node::Two(a, b)) = Rc::into_inner(node) {
                all.extend([a, b]);
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            length: self.length,
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            root: None,
            length: 0,
        }
    }
}
