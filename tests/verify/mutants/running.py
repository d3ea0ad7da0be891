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
from mutants.subjects import Subject


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    ``caught`` has an empty rung for a survivor; ``equivalent`` says why it does nothing wrong.
    ``broken`` holds the compiler's words where it is no program.
    """

    module: str
    mutation: Mutation
    caught: Caught = SURVIVES
    equivalent: str = ""
    broken: str = ""


def run(
    subject: Subject, most: int, seed: int, jobs: int, folder: Path, say: Callable[[str], None]
) -> list[Outcome]:
    """Every mutant that was chosen; raises VerifyError where the migrated build is no ground."""
    chosen = sample(mutations(subject.extension), most, seed)
    climber = Climber(subject)
    for rung, problems in climber.unjudged.items():
        say(f"{subject.module}: {rung} fails without a mistake: {problems[0]}")
    shops: SimpleQueue[Workshop] = SimpleQueue()
    for number in range(jobs):
        shops.put(Workshop(subject.tree, subject.commands, folder / f"{subject.module}-{number}"))

    def one(mutation: Mutation) -> Outcome:
        reason = equivalent(subject.extension, mutation, subject.version)
        shop = shops.get()
        try:
            caught = climber.climb(_build(subject, shop, mutation))
        except VerifyError as error:
            return Outcome(subject.module, mutation, broken=error.message)
        finally:
            shops.put(shop)
        outcome = Outcome(subject.module, mutation, caught, reason)
        say(told(outcome))
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, chosen))


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
        return f"{place} -- {outcome.caught.rung}: {outcome.caught.problem}"
    return f"{place} -- SURVIVES {outcome.equivalent}"


def _build(subject: Subject, shop: Workshop, mutation: Mutation) -> Path:
    texts = mutation.apply(dict(subject.texts))
    return shop.build(texts, subject.extension.units_of(texts), subject.module)
