"""One pass over the queue, through the ports.

Theory of operation
===================

A tick keeps nothing between two passes: what it must know stands on the issues. It may die at
any request, an answer may be lost, and another tick may run beside it. What keeps a job from
being lost or run twice is the order in which a tick writes. Rule 1: nothing is sent that was not
claimed before, and no issue is closed before its journal says why. Only what a comment asks for is
done to the issue first, since doing it once more changes nothing.

The pass
--------

``context.new_context`` builds one context, which all functions here are given. ``tick.Tick.run``

1. lists the open issues, and reads as jobs those whose authors do not look like strangers
   (``reading.read``); each is placed at the occurrence that its comments lead to (``place.place``);
2. lists the closed issues of the last hour, or of the last day where something is due;
3. counts all of them against the quotas (``rules.enter``), and takes what is due, oldest first
   (``process.process``), until ``limits.per-tick`` is reached or it is to take no more;
4. does the same for the issues of strangers, so that their texts keep nobody waiting;
5. tells authors what is wrong with their texts (``invalid.tell``), and ends what a rule forbids;
6. settles what stands on closed issues (``leftovers.settle``), and has it told of those that
   somebody closed before anything was sent (``reply.of_closed``);
7. asks what became of the runs of earlier dispatches (``follow``), and concludes those that have
   ended (``conclude``);
8. makes the report of what was counted (``report.TickReport.of``).

What is done about one job is one ``outcome.attempt``. An exception ends that job alone: it stands
in the outcome, which is counted with all that was done before it. GitHub's wish to be left alone
ends the pass; so do three jobs in a row that were denied before any worked, and three that got no
answer, if the issue asked for alone gets none either.

One job
-------

``decide.decision`` says what is to be done by what the issue shows. Only two of its answers write
anything new, to dispatch the job and to end it without that, and both go the same way
(``dispatch.claimed``):

1. *Judge.* Rights, signature, quotas, target (``rules.judge``) and conditions
   (``conditions.against``) are asked. A rule's no turns the dispatch into an end.
2. *Claim* (``claims.claim``). A new comment names the occurrence, the attempt, and a nonce.
3. *Read again.* Comments, then the issue, until both are as new as the claim. The decision is made
   anew from them. If it is another one, if somebody closed or changed the issue, or if another
   claim to the same attempt is older, the claim is deleted: ``outcome.Withdrawn``.
4. *Send* (``claims.send``). Once, within 30 seconds of the claim by either clock. An end sends
   nothing; if a comment asked for it, its label or closing comes here (``closing.obey``).
5. *Call and tell*, where it ends without a run. Whom the settings name are called in a comment
   (``news.call``), and the place that the job names is told (``reply.of_end``). Both are found
   again by a record of their own, so whoever dies before the next step writes no second one.
6. *Record* (``record.write``). The first claim becomes the journal; where there is a journal, it
   is edited, and the claim deleted. A series' journal is read once more right before.
7. *Close* (``closing.after``). Labels of other states come off, the issue is closed, the label of
   its end is put on. A series shows its next instant instead, and a comment gets its answer.

The end of a run
----------------

A dispatch whose entry in the journal has no conclusion is followed, for as long as the setting
``follow`` says. The lists that a tick reads anyway tell which issues can have one: those that
closed so lately, and series that have begun; their journals stand in the list of comments that
settles leftovers and places series. With none, nothing more is asked. Else one list of each
repository's runs is (``runs``), and of a run that this does not show the run alone.

What follows from an end is done in one order (``conclude.conclude``): whoever is to be told is
told in one new comment, whose hidden record names occurrence and run; the label and the close
reason of a one-off follow; then the place is told that the job named (``reply.of_run``), by a
record of the same kind; the journal's conclusion comes last, and commits. Whatever dies before
it is done again, and finds the comment. Two ticks that tell the same compare after they wrote: the
lower comment id stays. A run that went well costs its share of the list, and one edit.

No claim is made for that, so no journal is written that another tick may be writing: not while a
claim stands, nor on an open issue whose next instant is near (``followed.NEAR``) or on which a
command waits. An open issue is read once more right before; of a closed one, what was read longer
ago than ``followed.FRESH`` is. What a person did to the issue meanwhile is left as it is.
A tick that stays looks 15 seconds after a dispatch, and then after longer and longer pauses; it
stays for nothing that it follows.

What a crash leaves
-------------------

The next tick finds what a dead one left. It knows only the issue, so each row says what that shows
and who picks it up; ``tests/tick/test_theory.py`` kills a tick at each of these places.

=====================  ====================================  =====================================
a tick dies after      the issue shows                       the next tick
=====================  ====================================  =====================================
the claim              a claim; no run                       waits ``recover-after``, asks for the
                                                             runs, claims the next attempt, and
                                                             sends
the claim of an end    a claim that says it sends nothing    waits as long, claims anew, and ends
                                                             it
the claim of an event  a claim; no run could prove it        waits as long, and puts it on hold
the dispatch           a claim; its run                      waits as long, finds the run by the
                                                             key in its title, or as the only one
                                                             that it can be; records and closes
the dispatch of an     a claim; no run could prove it        waits as long, and puts it on hold
event
the record             a journal; open                       closes it
the closing            a journal; closed, without a label    ``leftovers`` puts the label on,
                                                             within an hour
a series' record       a journal; an old title and labels    ``record.show`` puts both right
a hold's record        a journal that says held; no label    puts the label on
a command's effect     a label; the comment not dealt with   does it once more, which changes
                                                             nothing, and records it
an explanation         a comment; no label                   knows the text by its hash, and puts
                                                             the label on
a failure's news       a comment; closed as completed        knows it by its record: label, close
                                                             reason and conclusion follow
the label of a         a comment, the label; completed       the same, but for the label
failure
=====================  ====================================  =====================================

A claim on an issue that was closed meanwhile is settled by ``leftovers.settle``, nothing is sent
for it. A lost answer is a crash of which the tick itself knows: it looks for a run that names the
job at once, and leaves the rest to ``recover-after``. Until then it sends nothing else to the same
target that shows no name (``context.Context.unsettled``): of two nameless runs none proves
anything.

Beside other ticks
------------------

Two ticks may claim one job. Both read again after they wrote, so at least one sees both claims;
among claims to one attempt the lowest comment id wins, and an older one too. The loser deletes its
own. A higher attempt knows more than a lower one, and wins. GitHub promises no read-after-write:
what was read again has to hold the own claim, and at least as many comments as were counted, or it
is read again; after three times the claim becomes a note of that, and after three notes the job is
on hold.

A claim that GitHub refuses leaves the label of a hold and no comment; each tick tries to write the
reason until it stands there (``process._explained``).

Errors
------

Whatever asks GitHub raises what the port does: ``RateLimited``, ``Unavailable``, ``NotPermitted``,
``Rejected``. A docstring says which of them a function answers for, and what it raises besides.
``place.place`` and ``decide.locate`` raise ``InvalidJob`` where a job's rule can't be counted; a
tick by hand ends with ``OtherScheduler`` where another account keeps the records.
What is only a courtesy (a reaction, a title, an explanation of what is on hold) stops nothing.

The rooms within
----------------

``context`` what all work with · ``tick`` the pass · ``reading``, ``place``, ``occurrence`` which
occurrence a job is at · ``rules``, ``approval``, ``conditions``, ``after`` who and what may say
no · ``decide`` what is to be done · ``process`` does it · ``dispatch``, ``claims`` claim and send ·
``record``, ``closing``, ``issues`` write it down · ``news``, ``reply`` tell people · ``follow``,
``followed``, ``runs``, ``conclude``, ``retrying`` what runs came to, and what follows ·
``brakes``, ``running`` put an end to what is too much · ``settlement``, ``leftovers`` what others
left · ``invalid`` what is no job · ``facts``, ``discussions`` what was asked and read already ·
``pacing`` GitHub's limit of comments · ``outcome``, ``report`` what was done.
"""
