import pytest

from spaces.dense import DENSE
from spaces.errors import SpaceError
from spaces.narrow import narrow
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace


def described(*settings, space=DENSE):
    return {
        name: param.describe() for name, param in narrow(space, settings).params.items()
    }


def test_the_three_forms():
    space = narrow(DENSE, ["dropout=0..0.5", "width_1=64,128", "l2=off"])
    assert space.params["dropout"] == Float(low=0, high=0.5, default=0.2)
    assert space.params["width_1"] == Choice(options=(64, 128))
    assert space.params["l2"] == Choice(options=("off",))
    assert "l2_strength" not in space.params  # its condition cannot come true
    assert set(DENSE) - set(space) == {"l2_strength"}


def test_nothing_asked_changes_nothing_and_the_space_given_never_changes():
    before = DENSE.fingerprint()
    assert narrow(DENSE, []) == DENSE
    narrow(DENSE, ["n_layers=1"])
    assert DENSE.fingerprint() == before


@pytest.mark.parametrize(
    ("setting", "name", "text"),
    [
        ("n_layers=2", "n_layers", "2"),
        ("n_layers=2..3", "n_layers", "2..3"),
        ("width_1=32..64", "width_1", "32..64 (log)"),
        ("learning_rate=1e-3..5e-3", "learning_rate", "0.001..0.005 (log)"),
        ("learning_rate=0.001", "learning_rate", "0.001"),
        ("dropout=0,.25,0.5", "dropout", "0, 0.25, 0.5"),
        (" dropout = 0 .. 0.5 ", "dropout", "0..0.5"),
        ("batch_norm=true", "batch_norm", "true"),
        ("batch_norm=Off", "batch_norm", "false"),
        ("batch_size=128,64", "batch_size", "128, 64"),
        ("activation=relu, tanh", "activation", "relu, tanh"),
    ],
)
def test_values_are_read_by_the_parameters_own_type(setting, name, text):
    assert described(setting)[name] == text


def test_a_default_stays_where_it_lies_in_the_space():
    def initial(*settings):
        return narrow(DENSE, settings).initial()

    assert initial("dropout=0.1..0.3", "width_1=16..100")["dropout"] == 0.2
    assert initial("dropout=0,.2,0.5")["dropout"] == 0.2
    assert initial("activation=tanh,relu")["activation"] == "relu"
    assert initial("dropout=0.3..0.5")["dropout"] == pytest.approx(0.4)
    assert initial("width_1=16..100")["width_1"] == 40
    assert initial("activation=gelu,tanh")["activation"] == "gelu"
    assert initial("n_layers=4")["width_4"] == 256


def test_fixed_values_can_be_drawn_and_counted():
    settings = ["n_layers=1", "width_1=64", "activation=relu", "batch_norm=off"]
    settings += ["dropout=0.5", "l1=off", "l2=on", "l2_strength=0.01"]
    settings += ["label_smoothing=0", "optimizer=adam,adamw", "learning_rate=1e-3"]
    space = narrow(DENSE, [*settings, "batch_size=64"])
    first, second = space.grid()
    assert [first["optimizer"], second["optimizer"]] == ["adam", "adamw"]
    assert first["l2_strength"] == 0.01
    assert DENSE.check(first) == first


def test_a_later_setting_narrows_further():
    assert described("n_layers=2..4", "n_layers=3")["n_layers"] == "3"
    with pytest.raises(SpaceError, match=r"must lie in 0\.\.0\.3, got 0\.5"):
        narrow(DENSE, ["dropout=0..0.3", "dropout=0.5"])


def test_conditions_shrink_with_their_parent_and_vanish_with_it():
    space = narrow(DENSE, ["n_layers=1..3"])
    assert space.params["width_2"].when == ("n_layers", (2, 3))
    assert "width_4" not in space.params
    chain = SearchSpace(
        {
            "a": Choice(options=(1, 2)),
            "b": Choice(options=(1, 2), when=("a", (2,))),
            "c": Int(low=0, high=1, when=("b", (2,))),
        }
    )
    assert list(narrow(chain, ["a=1"])) == ["a"]
    assert list(narrow(chain, ["b=1"])) == ["a", "b"]


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("dropout", "--set: the form is NAME=VALUES, got 'dropout'; for example"),
        ("dropout=", "--set: the form is NAME=VALUES, got 'dropout='"),
        ("=1", "--set: the form is NAME=VALUES, got '=1'"),
        ("nosuch=1", "--set: unknown parameter 'nosuch'; "),
        ("dropuot=0.1", "did you mean 'dropout'?"),
        ("dropout=2..3", "--set dropout: the range must lie in 0..0.6, got 2..3"),
        ("dropout=0.5..0.9", "--set dropout: the range must lie in 0..0.6"),
        ("dropout=1.0", "--set dropout: must lie in 0..0.6, got 1"),
        ("dropout=nan", "--set dropout: must lie in 0..0.6, got nan"),
        ("dropout=-inf..0.1", "--set dropout: the range must lie in 0..0.6"),
        ("dropout=high", "--set dropout: must be 0..0.6, got 'high'"),
        ("dropout=0.1,,0.2", "--set dropout: must be 0..0.6, got ''"),
        ("dropout=0.1,0.1", "--set dropout: Choice: each option may stand once"),
        ("dropout=0.5..0.1", "--set dropout: Float: 'low' must not be above 'high'"),
        ("dropout=..", "--set dropout: must be 0..0.6, got ''"),
        ("width_1=64.5", "--set width_1: must be 16..512 (log), got '64.5'"),
        ("width_1=8", "--set width_1: must lie in 16..512 (log), got 8"),
        ("width_1=64..", "--set width_1: must be 16..512 (log), got ''"),
        ("batch_size=100", "--set batch_size: must lie in 64, 128, 256, got 100"),
        ("batch_size=64..256", "--set batch_size: must be 64, 128, 256, got '64..256'"),
        ("batch_norm=maybe", "--set batch_norm: must be false, true, got 'maybe'"),
        ("activation=relo", "--set activation: must lie in relu, gelu, tanh, got relo"),
    ],
)
def test_bad_settings_are_one_clear_line(setting, text):
    with pytest.raises(SpaceError) as caught:
        narrow(DENSE, [setting])
    assert text in str(caught.value)
    assert str(caught.value).startswith("--set")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (["l2=off", "l2_strength=0.001"], "'l2' is one of on, which this search"),
        (["width_5=64", "n_layers=3"], "'n_layers' is one of 5, 6, which this search"),
    ],
)
def test_a_setting_that_could_have_no_effect_is_refused(settings, text):
    with pytest.raises(SpaceError, match="leave one of the two out") as caught:
        narrow(DENSE, settings)
    assert text in str(caught.value)
