def test_x(stall):
    stall.kata()
    r = stall.run("--impl", "solution")
    r.assert_outcomes(passed=3)
    print(stall.findings())


def test_y(stall):
    stall.kata()
    r = stall.run("--impl", "learner")
    print(stall.findings())
    r = stall.run("--impl", "stub")
