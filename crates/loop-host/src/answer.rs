//! Work that answers before it is done.
//!
//! It has a task of its own, also because the engine polls what a concurrent host function waits for from within the store of who
//! called it, and runs no other store there.

use futures::channel::oneshot;
use tokio::task::JoinHandle;

/// Why there is no answer.
pub(crate) enum NoAnswer<E> {
    /// The work failed.
    Failed(E),
    /// The work ended without one.
    Nothing,
}

/// Does `work` in a task of its own, which goes on when it has answered through the sender that it gets. What goes wrong
/// after that is for `late`. Dropping the future before there is an answer ends the task: nobody wants it any more.
pub(crate) async fn answer<R, E, W>(
    work: impl FnOnce(oneshot::Sender<R>) -> W,
    late: impl FnOnce(E) + Clone + Send + 'static,
) -> Result<R, NoAnswer<E>>
where
    R: Send + 'static,
    E: Send + 'static,
    W: Future<Output = Result<(), E>> + Send + 'static,
{
    let (sender, answer) = oneshot::channel();
    let (end, mut ended) = oneshot::channel();
    let (work, later) = (work(sender), late.clone());
    let task = Task(Some(tokio::spawn(async move {
        if let Err(Err(error)) = end.send(work.await) {
            later(error);
        }
    })));
    let Ok(answer) = answer.await else {
        return match ended.await {
            Ok(Err(error)) => Err(NoAnswer::Failed(error)),
            _ => Err(NoAnswer::Nothing),
        };
    };
    task.detach();
    // It may have ended since it answered.
    ended.close();
    if let Ok(Some(Err(error))) = ended.try_recv() {
        late(error);
    }
    Ok(answer)
}

/// A task that is ended when nobody waits for it any more.
struct Task(Option<JoinHandle<()>>);

impl Task {
    fn detach(mut self) {
        self.0 = None;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
