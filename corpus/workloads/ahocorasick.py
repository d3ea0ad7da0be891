"""Automata of words: searched, walked, and rebuilt."""


def work(module):
    automaton = module.Automaton()
    for number, word in enumerate(("he", "her", "hers", "she", "this")):
        automaton.add_word(word, (number, word))
    assert "her" in automaton and automaton.get("she") == (3, "she") and len(automaton) == 5
    assert sorted(automaton.keys("he")) == ["he", "her", "hers"]
    assert len(list(automaton.values())) == len(list(automaton.items())) == 5
    automaton.make_automaton()
    assert [end for end, _ in automaton.iter("ushers")] == [3, 3, 4, 5]
    assert list(automaton.iter_long("ushers"))
    assert automaton.remove_word("her") and automaton.pop("this") == (4, "this")
    automaton.clear()


def specimens(module):
    automaton = module.Automaton()
    automaton.add_word("he", 1)
    automaton.make_automaton()
    return [automaton, automaton.iter("he"), automaton.iter_long("he"), automaton.items()]
