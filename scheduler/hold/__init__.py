"""A tick that stays: it waits for the next instant, polls the queue, and starts a successor.

Theory of operation
===================

``holder.Holder`` makes one pass (``scheduler.tick``) and goes on with the same context and tally.
What it does next is one pure function of what it has before it, ``agenda.next_step`` over
``agenda.Agenda``; the first of these for which it is time:

1. FIRE: dispatch a claimed job on its instant.
2. CLAIM: claim a job up to ``agenda.LEAD`` before its instant, if all is known about it.
   LOOK: do what is to be done about any other job that is due, as a pass would.
3. RECORD: record a dispatch, and close its issue.
4. LEAVE, with nothing left to do.
5. POLL: list the open issues, conditionally (``poll.Poller``).
6. FOLLOW: ask what became of runs (``scheduler.tick``); it keeps nobody staying.
7. LOOK at a job that a rule forbids; TELL: explain a text to its author.

None but FIRE is begun when a dispatch is nearer than such a step lately took. Else it sleeps.

A claim is made early so that the dispatch is on time, and a record waits so that the next one is.
Whoever kills a holder leaves what a dead tick leaves, and the next tick picks it up: a claim
without a run, or a claim with a run and no record.

Waits and ages are by the steady clock, instants by the wall clock. When the two have moved apart,
the machine slept or its clock was set: it polls before it sends anything, since GitHub's answer
tells what time it is.

Asked to leave (``signals.Leave``), a pass takes no more jobs, and a hold ends: claims under which
nothing was sent are deleted, what was sent is recorded. If that takes longer than
``signals.FAREWELL``, it is dropped, and reported as left to the next tick. ``relay.Relay`` starts
the successor when a hold begins, and cancels it where nothing is left to wait for.

Who wakes the next tick
-----------------------

Under profile ``auto`` or ``alarm`` the holder asks ``plan.Plan`` when its pass is over, and again
whenever it would leave: hold so much longer, or leave. What is due before the shortest alarm could
end (``alarm.held``) is held. For anything later it arms an alarm before it lets it leave
(``arming.Arming``, by the pure ``alarm.arm``): a run that waits in an environment without a runner.
Which clock there is was found out by a tick of the same day, and stands in the
description of the queue's label (``memory``).

One who is killed before the dispatch leaves no alarm, and whatever ticks next arms one. After it,
the alarm is there. Between a dispatch and its answer nobody knows: the next tick reads the list of
what waits, and two that were armed become one when the first of them ends, since its tick finds
the other, which ends in time.
"""
