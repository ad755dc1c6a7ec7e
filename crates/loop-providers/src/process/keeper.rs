//! Ends what is left of a host's children when the host ends, however it ends.
//!
//! Nobody can promise to do something after being killed, so a second process does it: a shell that is told of every group over a
//! pipe, and finds the pipe's end when the host is gone. What has left its group is found by its mark ([`strays`]).

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;
use rustix::process::Pid;

use crate::process::lock;
use crate::process::output::set_nonblocking;
use crate::process::strays::{Mark, Strays};

/// What the shell does; its argument is the beginning of all marks of the host. It is in a group of its own and deaf to what a terminal
/// sends, so that only the end of the pipe ends it.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
while read -r what group; do
  case "$what$groups" in
    +*) groups="$groups$group " ;;
    -*" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=
  for file in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
    found=${file#/proc/}
    kill -s KILL "${found%/environ}"
  done
  [ "$found" ] || break
  sleep 0.1
done
"#;

/// Keeps count of the groups of a host.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    kept: Mutex<Kept>,
    strays: Arc<Strays>,
}

#[derive(Debug, Default)]
struct Kept {
    groups: BTreeSet<i32>,
    shell: Option<Shell>,
}

#[derive(Debug)]
struct Shell {
    child: Child,
    lines: ChildStdin,
}

impl Keeper {
    /// The mark of a child that is about to be started. From now on there is a shell.
    ///
    /// # Errors
    /// There is none to be had, or no random number.
    pub(crate) fn begin(&self) -> io::Result<Mark> {
        let mark = self.strays.mark()?;
        let mut kept = lock(&self.kept);
        if kept.shell.is_none() {
            kept.shell = Some(Shell::start(&self.strays)?);
        }
        Ok(mark)
    }

    /// What a child has in its variable for its mark.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub(crate) fn variable(&self, mark: Mark) -> io::Result<String> {
        self.strays.value(mark)
    }

    /// Takes notice of a group.
    ///
    /// # Errors
    /// There is no shell to be had that would keep it.
    pub(crate) fn add(&self, group: Pid) -> io::Result<()> {
        let number = group.as_raw_nonzero().get();
        let mut kept = lock(&self.kept);
        kept.groups.insert(number);
        let told = kept.tell('+', number, &self.strays);
        if told.is_err() {
            kept.groups.remove(&number);
        }
        told
    }

    /// Forgets a group, which has been killed. What has left it is looked for.
    pub(crate) fn end(&self, group: Pid, mark: Mark) {
        let number = group.as_raw_nonzero().get();
        let mut kept = lock(&self.kept);
        kept.groups.remove(&number);
        // Where no shell can be had, the next `add` says so.
        let _ = kept.tell('-', number, &self.strays);
        drop(kept);
        self.strays.look_for(mark);
    }
}

impl Drop for Keeper {
    /// The host ended in order. So does the shell, which is waited for: that takes it a moment.
    fn drop(&mut self) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Shell { mut child, lines }) = kept.shell.take() {
            drop(lines);
            let _ = child.wait();
        }
    }
}

impl Kept {
    /// Tells the shell. One that does not listen is replaced by another, which is told of everything.
    fn tell(&mut self, what: char, group: i32, strays: &Strays) -> io::Result<()> {
        if let Some(mut shell) = self.shell.take() {
            // It is less than a pipe takes at once, so it goes entirely or not at all.
            let line = format!("{what} {group}\n");
            if shell.lines.write_all(line.as_bytes()).is_ok() {
                self.shell = Some(shell);
                return Ok(());
            }
            // Before its pipe ends: it would take that for the end of the host.
            shell.child.kill()?;
            shell.child.wait()?;
        }
        let shell = self.shell.insert(Shell::start(strays)?);
        let lines: Vec<String> = self
            .groups
            .iter()
            .map(|group| format!("+ {group}\n"))
            .collect();
        shell.lines.write_all(lines.concat().as_bytes())
    }
}

impl Shell {
    fn start(strays: &Strays) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "loop-keeper", &strays.beginning()?])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            // Not to be taken for a program of the component's that is missing.
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Errno::NOTSUP.into(),
                _ => error,
            })?;
        let lines = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // One that is held must not hold the host.
        set_nonblocking(&lines)?;
        Ok(Self { child, lines })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::Keeper;
    use crate::process::lock;

    /// A program that would go on for a long time, in a group of its own.
    fn program() -> Child {
        Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    /// One that left the group in which it was started, with the mark of a host.
    fn stray(mark: &str) -> String {
        let mut child = Command::new("setsid")
            .args(["sh", "-c", "sleep 600 > /dev/null & echo $!"])
            .env("LOOP_CHILD", mark)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut number = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut number)
            .unwrap();
        child.wait().unwrap();
        number
    }

    /// Whether it was killed, and not asked to end.
    fn killed(mut child: Child) -> bool {
        use std::os::unix::process::ExitStatusExt as _;

        child.wait().unwrap().signal() == Some(9)
    }

    fn shell(keeper: &Keeper) -> Pid {
        Pid::from_child(&lock(&keeper.kept).shell.as_ref().unwrap().child)
    }

    #[test]
    fn what_is_left_is_killed_with_the_host() {
        let keeper = Keeper::default();
        let mark = keeper.begin().unwrap();
        let (first, second, forgotten) = (program(), program(), program());
        for child in [&first, &forgotten, &second] {
            keeper.add(Pid::from_child(child)).unwrap();
        }
        let number = Pid::from_child(&forgotten);
        lock(&keeper.kept)
            .tell('-', number.as_raw_nonzero().get(), &keeper.strays)
            .unwrap();
        let stray = loop_test::Process::of(&stray(&keeper.variable(mark).unwrap()));
        let other = Keeper::default();
        let others_mark = other.begin().unwrap();
        let others = loop_test::Process::of(&self::stray(&other.variable(others_mark).unwrap()));
        drop(keeper);
        assert!(killed(first) && killed(second));
        stray.ends();
        // Neither what it forgot nor what belongs to another host.
        let mut forgotten = forgotten;
        assert_eq!(forgotten.try_wait().unwrap(), None);
        forgotten.kill().unwrap();
        forgotten.wait().unwrap();
        assert!(others.is_there());
        drop(other);
        others.ends();
    }

    #[test]
    fn a_shell_that_does_not_listen_is_replaced() {
        let keeper = Keeper::default();
        keeper.begin().unwrap();
        let first = program();
        keeper.add(Pid::from_child(&first)).unwrap();
        let before = shell(&keeper);
        kill_process(before, Signal::KILL).unwrap();
        // Its pipe is there until the system has ended it, and takes a line that nobody reads.
        let (mut others, mut after) = (Vec::new(), before);
        while after == before {
            let other = program();
            keeper.add(Pid::from_child(&other)).unwrap();
            others.push(other);
            after = shell(&keeper);
        }
        drop(keeper);
        assert!(killed(first));
        assert!(others.into_iter().all(killed));
    }

    #[test]
    fn a_shell_that_is_stopped_holds_nobody() {
        let keeper = Keeper::default();
        keeper.begin().unwrap();
        let first = program();
        let before = shell(&keeper);
        kill_process(before, Signal::STOP).unwrap();
        // More lines than its pipe holds.
        for _ in 0..20_000 {
            keeper.add(Pid::from_child(&first)).unwrap();
        }
        assert_ne!(shell(&keeper), before);
        drop(keeper);
        assert!(killed(first));
    }
}
