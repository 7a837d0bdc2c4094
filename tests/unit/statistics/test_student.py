import pytest
from scipy import stats

from promptops.statistics.student import student_cdf, student_quantile


@pytest.mark.parametrize("degrees", [1, 2, 3.5, 5, 30, 1e3, 1e6])
@pytest.mark.parametrize("p", [0.001, 0.05, 0.4, 0.5, 0.6, 0.95, 0.975, 0.9999])
def test_quantiles_agree_with_scipy(p, degrees):
    assert student_quantile(p, degrees) == pytest.approx(
        stats.t.ppf(p, degrees), rel=1e-8, abs=1e-8
    )


@pytest.mark.parametrize("t", [-40.0, -2.0, -1e-9, 0.0, 0.3, 7.0])
def test_distribution_agrees_with_scipy(t):
    assert student_cdf(t, 4) == pytest.approx(stats.t.cdf(t, 4), rel=1e-10)


@pytest.mark.parametrize(("p", "degrees"), [(0, 3), (1, 3), (0.5, 0), (0.5, -1)])
def test_what_has_no_quantile_is_refused(p, degrees):
    with pytest.raises(ValueError, match="no t quantile"):
        student_quantile(p, degrees)
