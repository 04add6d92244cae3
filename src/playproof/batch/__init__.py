"""The durable batch queue: sessions wait in it, are scored together, and get their final verdicts one by one.

`playproof.service.Service.submit(..., use_batch=True)` judges a session at once and stores the preliminary verdict together
with an entry in the queue. From there on whatever process lives works at it:

* `queue.SessionQueue`: `enqueue`, `result`, `place` (where a session stands), `backlog` (how many), `buried`, `exhume`. Past its
  bound `enqueue` raises `QueueFull`; the submission then has `refused`, and a verdict that is final.
  `result(scope, id)` is all that a caller asks of one session: a `Result` with its verdict, preliminary as long as `queued` says where it
  stands; `None` where the id is unknown (404); and it raises `ResultGone` (410) where retention has removed a queued session.
* `scheduler.Scheduler`: `run` (the loop), `process` (now, however few are due), `clear`, `start`, `stop`, `status`. Starting
  what runs and stopping what does not is no error: both answer whether they changed anything.
* `inference.Inference`: claims one batch, has it scored (`scorers`), and settles it (`settling`, `retry`).
* `runtime.Batch`: all of these as the settings have them. Entering it starts the loop; a server process and `playproof
  worker` do the same thing with it.

What may be relied on:

* An entry is `queued`, `claimed`, `settled` or `buried`. A claim lasts a minute unless it is renewed, and counts an epoch up:
  a process that lost its claim changes nothing any more. The end of an entry and its verdict are one transaction, so that a
  verdict becomes final once, with one webhook.
* A batch forms when so many are due (`BATCH_MIN`) or the oldest of them has waited (`BATCH_WAIT`), and never has more than
  `BATCH_MAX`. A lock on one row makes that exact, however many processes form batches.
* Timeouts, 429, 402, 5xx and the like put sessions off, and have every process leave the provider alone for a while: Retry-After,
  and anything up to a bound that doubles with each failure. They are no attempts. After `RESULT_WAIT_MAX` the verdict that
  there is becomes final, with the reason.
* What may lie in the sessions themselves is an attempt. A batch that fails so is halved until the one session stands alone
  that the others failed for; after `BATCH_ATTEMPTS` that one is buried: its verdict is final, with `fallbackReason` `buried`, and its
  error is kept.
* Exhumed, it is queued again and its verdict preliminary again: same decision, the revision one higher, and no webhook, until
  a batch makes it final for good with one.
* Ticks are rows with a unique key, and the switch of the scheduler is a row: there is no leader, and nothing to lose.
"""
