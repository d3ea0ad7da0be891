"""Runs the mutants of one extension: a sample of each kind, some at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from isolate_ext.verify.process import VerifyError
from mutants.climbing import SURVIVES, Caught, Climber
from mutants.compiling import Workshop
from mutants.equivalence import equivalent
from mutants.kinds import mutations
from mutants.mutation import Mutation
from mutants.records import Records, key
from mutants.subjects import Subject
from mutants.touched import touched


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    ``caught`` has an empty rung for a survivor; ``equivalent`` says why it does nothing wrong,
    ``reason`` why it survives all the same.  ``broken`` holds the compiler's words where it is no
    program.
    """

    module: str
    mutation: Mutation
    caught: Caught = SURVIVES
    equivalent: str = ""
    broken: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """What is asked for: ``most`` mutants of an extension, chosen by ``seed``, ``jobs`` at a time.

    ``without`` are rungs that are not climbed.
    """

    most: int
    seed: int
    jobs: int
    without: frozenset[str]
    records: Records
    say: Callable[[str], None]

    def of(self, subject: Subject, folder: Path) -> list[Outcome]:
        """Every mutant that was chosen; raises VerifyError where nothing can be compared."""
        found = touched(subject.original, subject.extension, mutations(subject.extension))
        climber = Climber(subject, without=self.without)
        shops: SimpleQueue[Workshop] = SimpleQueue()
        for number in range(self.jobs):
            target = folder / f"{subject.module}-{number}"
            shops.put(Workshop(subject.tree, subject.commands, target))

        def one(mutation: Mutation) -> Outcome:
            shop = shops.get()
            try:
                outcome = self._outcome(subject, climber, shop, mutation)
            finally:
                shops.put(shop)
            self.say(told(outcome))
            return outcome

        with ThreadPoolExecutor(self.jobs) as pool:
            outcomes = list(pool.map(one, sample(found, self.most, self.seed)))
        for rung, problems in vars(climber).get("unjudged", {}).items():
            self.say(f"{subject.module}: {rung} fails without a mistake: {problems[0]}")
        return outcomes

    def _outcome(
        self, subject: Subject, climber: Climber, shop: Workshop, mutation: Mutation
    ) -> Outcome:
        reason = equivalent(subject.extension, mutation, subject.version)
        texts = mutation.apply(dict(subject.texts))
        mutant = key(subject, texts)
        known = self.records.known(mutant)
        if known is not None:
            caught = Caught(known.rung, known.problem)
            return Outcome(subject.module, mutation, caught, reason, known.broken)
        caught, broken = SURVIVES, ""
        try:
            library = shop.build(texts, subject.extension.units_of(texts), subject.module)
            caught = climber.climb(library, texts)
        except VerifyError as error:
            broken = error.message
        self.records.keep(mutant, caught, broken)
        return Outcome(subject.module, mutation, caught, reason, broken)


def sample(found: Sequence[Mutation], most: int, seed: int) -> list[Mutation]:
    """At most so many, all kinds alike: one of each kind in turn, chosen by the seed."""
    chance = random.Random(seed)
    by_kind: dict[str, list[Mutation]] = {}
    for each in found:
        by_kind.setdefault(each.kind, []).append(each)
    for each in by_kind.values():
        chance.shuffle(each)
    chosen: list[Mutation] = []
    while any(by_kind.values()) and len(chosen) < most:
        for each in by_kind.values():
            if each and len(chosen) < most:
                chosen.append(each.pop())
    return chosen


def told(outcome: Outcome) -> str:
    """One line."""
    mutation = outcome.mutation
    place = f"{outcome.module}: {mutation.where}: {mutation.kind}: {mutation.what}"
    if outcome.caught.rung:
        equal = f" (equal: {outcome.equivalent})" if outcome.equivalent else ""
        return f"{place} -- {outcome.caught.rung}: {outcome.caught.problem}{equal}"
    if outcome.broken:
        return f"{place} -- does not compile: {outcome.broken.splitlines()[0]}"
    return f"{place} -- SURVIVES {outcome.equivalent or outcome.reason}".rstrip()
