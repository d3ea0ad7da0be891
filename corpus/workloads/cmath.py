"""Values and special cases."""


def work(module):
    assert module.sqrt(-4) == 2j and abs(module.exp(1j * module.pi) + 1) < 1e-12
    assert module.isclose(module.log(module.e), 1)
    for function in (module.sin, module.atanh, module.acos, module.log10, module.tanh):
        function(complex(0.5, -0.25))
    assert module.isnan(module.cosh(complex(float("nan"), 1)))
    assert module.phase(-1) == module.pi and module.polar(1) == (1, 0) and module.rect(2, 0) == 2
