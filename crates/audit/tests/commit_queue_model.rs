//! Every interleaving of the group commit, up to the bound that loom is given.

#[cfg(test)]
mod sync {
    pub(crate) use loom::sync::{Arc, Condvar, Mutex};
}

#[cfg(test)]
#[path = "../src/commit_queue.rs"]
mod commit_queue;

#[cfg(test)]
mod model {
    use super::commit_queue::CommitQueue;
    use loom::sync::Arc;
    use loom::thread;

    /// Gives each item its place in the log.
    fn append(log: &mut Vec<u32>, items: &[u32]) -> Vec<usize> {
        items
            .iter()
            .map(|item| {
                log.push(*item);
                log.len()
            })
            .collect()
    }

    fn check(threads: u32, each: u32, preemptions: usize) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(preemptions);
        model.check(move || {
            let queue = Arc::new(CommitQueue::new(Vec::new()));
            let submit = move |queue: &CommitQueue<Vec<u32>, u32, usize>, thread: u32| {
                let mut before = 0;
                for number in 0..each {
                    let item = thread * 10 + number;
                    let place = queue.submit(item, append).unwrap();
                    assert!(place > before, "one thread's items keep their order");
                    before = place;
                    queue.with(|log| assert_eq!(log[place - 1], item, "in the log when told"));
                }
            };
            let others: Vec<_> = (1..threads)
                .map(|thread| {
                    let queue = Arc::clone(&queue);
                    thread::spawn(move || submit(&queue, thread))
                })
                .collect();
            submit(&queue, 0);
            for other in others {
                other.join().unwrap();
            }
            let written = queue.with(|log| log.len());
            assert_eq!(written, (threads * each) as usize, "each item once");
        });
    }

    #[test]
    fn two_threads_with_two_items_each_are_told_the_truth_and_nobody_sleeps_for_ever() {
        check(2, 2, 3);
    }

    #[test]
    fn three_threads_are_told_the_truth_and_nobody_sleeps_for_ever() {
        check(3, 1, 2);
    }
}
