"""Settings: one table, read once, and every mistake named."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from playproof.errors import SettingsError
from playproof.settings import SETTINGS, Setting, Settings, load_settings, read_settings, secrets_of


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(text: str, name: str = "given.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def complaint(environ: dict[str, str] | None = None, **rest: Path | dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ=environ or {}, **rest)  # type: ignore[arg-type]
    return str(caught.value)


def test_without_anything_every_setting_is_at_its_default() -> None:
    reading = read_settings(environ={})
    assert reading.settings == Settings()
    assert set(reading.sources.values()) == {"default"}
    assert reading.warnings == ()


def test_the_table_has_a_row_with_a_meaning_for_every_field() -> None:
    assert sorted(row.name for row in SETTINGS) == sorted(Settings.__struct_fields__)
    assert all(row.meaning.endswith(".") for row in SETTINGS)
    assert len({row.env for row in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("row", [row for row in SETTINGS if row.default not in (None, ())], ids=lambda row: row.name)
def test_a_default_shown_reads_back_as_itself(row: Setting) -> None:
    assert row.kind.parse(row.show(row.default)) == row.default


def test_flag_goes_before_environment_before_file_before_default() -> None:
    file = config("port = 1\n")
    assert read_settings(environ={}).settings.port == 8000
    assert read_settings(environ={}, config=file).settings.port == 1
    assert read_settings(environ={"PLAYPROOF_PORT": "2"}, config=file).settings.port == 2
    reading = read_settings({"port": "3"}, environ={"PLAYPROOF_PORT": "2"}, config=file)
    assert (reading.settings.port, reading.sources["port"]) == (3, "flag")


def test_a_flag_not_given_leaves_the_next_source_alone() -> None:
    assert read_settings({"port": None}, environ={"PLAYPROOF_PORT": "2"}).settings.port == 2


def test_the_file_is_named_by_argument_or_variable_or_found_in_the_working_folder() -> None:
    config("port = 1\n", "playproof.toml")
    by_variable = {"PLAYPROOF_CONFIG": str(config("port = 2\n", "variable.toml"))}
    assert read_settings(environ={}).settings.port == 1
    assert read_settings(environ=by_variable).settings.port == 2
    assert read_settings(environ=by_variable, config=config("port = 3\n")).settings.port == 3


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    assert "cannot read the settings file nowhere.toml" in complaint(config=Path("nowhere.toml"))
    assert "cannot read the settings file nowhere.toml" in complaint({"PLAYPROOF_CONFIG": "nowhere.toml"})


@pytest.mark.parametrize(("text", "expected"), [("port = ", "is not TOML"), ("[section]\nport = 1\n", "unknown setting 'section'")])
def test_a_damaged_file_is_an_error(text: str, expected: str) -> None:
    assert expected in complaint(config=config(text))


def test_a_file_that_is_not_utf8_is_an_error() -> None:
    Path("latin.toml").write_bytes(b'host = "\xe9"\n')
    assert "not UTF-8" in complaint(config=Path("latin.toml"))


def test_unknown_keys_name_the_nearest() -> None:
    assert "unknown setting 'prot'; did you mean port?" in complaint(config=config("prot = 1\n"))


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("PLAYPROOF_PROT", "PLAYPROOF_PORT"),
        ("PLAYPROOF_DATADIR", "PLAYPROOF_DATA_DIR"),
        ("PLAYPROOF_ANOMALY_THRESHOLD_PASS", "ANOMALY_THRESHOLD_PASS"),
        ("PLAYPROOF_ADMINKEY_FILE", "PLAYPROOF_ADMIN_KEY_FILE"),
    ],
)
def test_unknown_variables_of_ours_name_the_nearest(variable: str, meant: str) -> None:
    assert complaint({variable: "1"}) == f"unknown variable {variable}; did you mean {meant}?"


@pytest.mark.parametrize(
    "variable",
    [
        "ANOMALY_TRESHOLD_PASS",
        "ANOMALY_THRESHOLD_REVEIW",
        "ANOMALY_PASS_THRESHOLD",
        "ANOMALY_MODEL",
        "PLAYPROF_PORT",
        "playproof_port",
        "WOODWIDE_APIKEY",
        "WOODWIDE_API_KEYS_FIL",
        "WOODWIDE_DEADLINE",
    ],
)
def test_near_misses_of_other_names_warn(variable: str) -> None:
    (warning,) = read_settings(environ={variable: "1"}).warnings
    assert variable in warning
    assert "did you mean" in warning


@pytest.mark.parametrize("variable", ["WOODWIDE_LOG", "WOODWIDE_CUSTOM_HEADERS", "BATCH_SIZE", "DATASET_DIR", "HOST", "PORT", "API_KEYS"])
def test_variables_of_others_pass_in_silence(variable: str) -> None:
    assert read_settings(environ={variable: "1"}).warnings == ()


def test_a_hosted_model_without_a_key_is_warned_of() -> None:
    (no_key,) = read_settings(environ={"ANOMALY_MODEL_ID": "mdl_TSCR8PKV"}).warnings
    assert "WOODWIDE_API_KEY" in no_key
    assert read_settings(environ={"ANOMALY_MODEL_ID": "mdl_TSCR8PKV", "WOODWIDE_API_KEYS": "sk_1"}).warnings == ()


def test_a_deadline_that_leaves_a_request_no_time_is_refused() -> None:
    with pytest.raises(SettingsError, match="PLAYPROOF_REQUEST_TIMEOUT"):
        read_settings(environ={"ANOMALY_MODEL_ID": "mdl_1", "WOODWIDE_API_KEY": "sk_1", "WOODWIDE_DEADLINE_MS": "10000"})


def test_what_is_secret_is_known_as_a_whole() -> None:
    given = {
        "PLAYPROOF_API_KEYS": "site:secret-1, secret-2", "PLAYPROOF_ADMIN_KEY": "secret-3", "PLAYPROOF_METRICS_TOKEN": "secret-4",
        "WOODWIDE_API_KEYS": "sk_5,sk_6", "WOODWIDE_API_KEY": "sk_7",
    }  # fmt: skip
    settings = read_settings(environ=given).settings
    assert sorted(secrets_of(settings)) == ["secret-1", "secret-2", "secret-3", "secret-4", "sk_5", "sk_6", "sk_7"]
    assert secrets_of(Settings()) == ()
    assert not any(secret in repr(settings) for secret in secrets_of(settings))


def test_programs_get_the_warnings_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load_settings(environ={"ANOMALY_TRESHOLD_PASS": "9"}) == Settings()
    assert "did you mean ANOMALY_THRESHOLD_PASS?" in caplog.text


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PLAYPROOF_KEEP_TELEMETRY", "0", 0.0),
        ("PLAYPROOF_KEEP_TELEMETRY", "36h", 36 * 3600.0),
        ("PLAYPROOF_KEEP_TELEMETRY", "7d", 7 * 86400.0),
        ("PLAYPROOF_REQUEST_TIMEOUT", "2.5", 2.5),
        ("PLAYPROOF_REQUEST_TIMEOUT", "250ms", 0.25),
        ("PLAYPROOF_MAX_BODY", "4096", 4096),
        ("PLAYPROOF_MAX_BODY", "3 MiB", 3 * 1024**2),
        ("PLAYPROOF_DURABILITY", "Normal", "normal"),
        ("PLAYPROOF_DATA_DIR", "/srv/playproof", Path("/srv/playproof")),
        ("ANOMALY_THRESHOLD_REVIEW", "3", 3.0),
        ("PLAYPROOF_ALLOWED_HOSTS", "a.example, b.example", ("a.example", "b.example")),
        ("PLAYPROOF_PORT", "", 8000),
        ("WOODWIDE_BASE_URL", "http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ("WOODWIDE_BASE_URL", "https://proxy.example/woodwide", "https://proxy.example/woodwide"),
        ("WOODWIDE_DEADLINE_MS", "1200", 1200),
        ("WOODWIDE_STRATEGY", "dataset", "dataset"),
    ],
)
def test_values_are_read(variable: str, text: str, value: object) -> None:
    name = next(row.name for row in SETTINGS if row.env == variable)
    assert getattr(read_settings(environ={variable: text}).settings, name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PLAYPROOF_PORT", "65536"),
        ("PLAYPROOF_PORT", "80a"),
        ("PLAYPROOF_PORT", "8000.0"),
        ("PLAYPROOF_WORKERS", "0"),
        ("PLAYPROOF_KEEP_TELEMETRY", "7 weeks"),
        ("PLAYPROOF_KEEP_TELEMETRY", "-1d"),
        ("PLAYPROOF_MAX_BODY", "2MB"),
        ("PLAYPROOF_MAX_BODY", "1"),
        ("PLAYPROOF_LOG_LEVEL", "loud"),
        ("PLAYPROOF_HOST", " "),
        ("ANOMALY_THRESHOLD_PASS", "nan"),
        ("ANOMALY_THRESHOLD_PASS", "inf"),
        ("ANOMALY_THRESHOLD_PASS", "2,0"),
        ("WOODWIDE_BASE_URL", "ftp://example.org"),
        ("WOODWIDE_BASE_URL", "https://"),
        ("WOODWIDE_BASE_URL", "https://user@example.org"),
        ("WOODWIDE_BASE_URL", "https://example.org?a=b"),
        ("WOODWIDE_BASE_URL", "https://example.org:port"),
        ("WOODWIDE_STRATEGY", "append"),
    ],
)
def test_a_value_that_will_not_do_is_named_with_what_would(variable: str, text: str) -> None:
    row = next(row for row in SETTINGS if row.env == variable)
    assert complaint({variable: text}) == f"{variable} is {text!r}: expected {row.kind.expected}"


@pytest.mark.parametrize("text", ["port = true", 'port = "a"', "port = 1.5", "host = 1", "log_level = []", "keep_telemetry = {a = 1}"])
def test_a_value_of_another_type_in_the_file_is_named(text: str) -> None:
    assert f"given.toml: {text.split(' ', 1)[0]} is" in complaint(config=config(text))


@pytest.mark.parametrize(
    "text", ['data_dir = "a\\u0000b"', 'model = "a\\u0000b"', 'host = "a\\u0000b"', 'data_dir = "~nobody-of-this-name/x"']
)
def test_a_value_that_the_system_would_choke_on_is_named(text: str) -> None:
    assert "expected a" in complaint(config=config(text))


def test_a_file_nested_too_deeply_is_an_error() -> None:
    assert "nested too deeply" in complaint(config=config("x = " + "[" * 5000))


def test_a_byte_order_mark_does_not_matter() -> None:
    Path("key").write_bytes(b"\xef\xbb\xbfsecret\n")
    reading = read_settings(environ={"PLAYPROOF_ADMIN_KEY_FILE": "key"}, config=config("\ufeffport = 8123\n"))
    assert reading.settings.port == 8123
    assert reading.settings.admin_key is not None
    assert reading.settings.admin_key.reveal() == "secret"


@pytest.mark.parametrize("key", ["schlüssel", "\udcff", "a\x7fb", "a\tb"])
@pytest.mark.parametrize("variable", ["PLAYPROOF_API_KEYS", "PLAYPROOF_ADMIN_KEY", "PLAYPROOF_METRICS_TOKEN"])
def test_a_key_that_no_header_could_carry_is_refused_without_being_shown(variable: str, key: str) -> None:
    said = complaint({variable: key})
    assert "visible ASCII" in said
    assert key not in said


def test_all_mistakes_are_told_at_once() -> None:
    told = complaint({"PLAYPROOF_PORT": "a", "PLAYPROOF_WORKERS": "b", "PLAYPROOF_NOTHING": "c"})
    assert all(name in told for name in ("PLAYPROOF_PORT", "PLAYPROOF_WORKERS", "PLAYPROOF_NOTHING"))


def test_thresholds_may_be_equal_but_not_crossed() -> None:
    equal = {"ANOMALY_THRESHOLD_PASS": "2", "ANOMALY_THRESHOLD_REVIEW": "2"}
    assert read_settings(environ=equal).settings.anomaly_threshold_review == 2
    assert "ANOMALY_THRESHOLD_REVIEW (2.5) is below ANOMALY_THRESHOLD_PASS (3)" in complaint({"ANOMALY_THRESHOLD_PASS": "3"})


def test_movement_cannot_outlive_its_verdict() -> None:
    assert "movement cannot outlive its verdict" in complaint({"PLAYPROOF_KEEP_VERDICTS": "1d"})


def test_a_path_in_the_file_starts_at_the_files_folder() -> None:
    file = config('data_dir = "data"\n', "etc/playproof.toml")
    assert read_settings(environ={}, config=file).settings.data_dir == Path("etc/data")
    assert read_settings(environ={"PLAYPROOF_DATA_DIR": "data"}, config=file).settings.data_dir == Path("data")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


def test_keys_have_names_and_a_bare_key_is_named_by_its_content() -> None:
    keys = read_settings(environ={"PLAYPROOF_API_KEYS": "shop: one , two"}).settings.api_keys
    turned = read_settings(environ={"PLAYPROOF_API_KEYS": "two,shop:one"}).settings.api_keys
    assert [key.key.reveal() for key in keys] == ["one", "two"]
    assert keys[0].name == "shop"
    assert set(keys) == set(turned)


@pytest.mark.parametrize("text", ["a:one,a:two", "a:one,b:one", "a:", ":one", ","])
def test_keys_that_will_not_do_are_refused_without_being_shown(text: str) -> None:
    told = complaint({"PLAYPROOF_API_KEYS": text})
    assert "one" not in told.replace("environment", "")
    assert told.startswith("PLAYPROOF_API_KEYS: expected keys")


def test_a_secret_is_read_from_the_file_that_its_variable_names() -> None:
    Path("secret").write_text("long and secret\n", "utf-8")
    reading = read_settings(environ={"PLAYPROOF_ADMIN_KEY_FILE": "secret"})
    assert reading.settings.admin_key is not None
    assert reading.settings.admin_key.reveal() == "long and secret"
    assert reading.sources["admin_key"] == "file in environment"


def test_a_file_of_keys_may_have_one_a_line() -> None:
    Path("keys").write_text("a:one\nb:two\n", "utf-8")
    keys = read_settings(environ={"PLAYPROOF_API_KEYS_FILE": "keys"}).settings.api_keys
    assert [key.name for key in keys] == ["a", "b"]


def test_a_secret_that_cannot_be_read_or_stands_twice_is_an_error() -> None:
    assert "cannot read PLAYPROOF_ADMIN_KEY_FILE (nowhere)" in complaint({"PLAYPROOF_ADMIN_KEY_FILE": "nowhere"})
    Path("secret").write_text("x", "utf-8")
    assert "keep one" in complaint({"PLAYPROOF_ADMIN_KEY_FILE": "secret", "PLAYPROOF_ADMIN_KEY": "y"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:pass%40word@host:5432/play?sslmode=require",
        "postgres://host/play",
        "postgresql+psycopg:///play?host=/run/postgresql",
        "postgresql://one:5432,two:5433/play?target_session_attrs=read-write",
    ],
)
def test_a_database_is_named_by_an_address_that_does_not_show(url: str) -> None:
    settings = read_settings(environ={"PLAYPROOF_DATABASE_URL": f" {url} "}).settings
    assert settings.database_url is not None
    assert settings.database_url.reveal() == url
    assert url not in repr(settings)
    assert url in secrets_of(settings)


def test_the_password_of_a_database_is_a_secret_by_itself_as_well() -> None:
    settings = read_settings(environ={"PLAYPROOF_DATABASE_URL": "postgresql://user:pass%40word@host/play"}).settings
    assert set(secrets_of(settings)) == {"postgresql://user:pass%40word@host/play", "pass%40word", "pass@word"}


@pytest.mark.parametrize(
    "url", ["sqlite:///hidden-value", "mysql://u:hidden-value@h/d", "host=h password=hidden-value", "postgresql:hidden-value"]
)
def test_another_kind_of_database_is_refused_without_being_shown(url: str) -> None:
    told = complaint({"PLAYPROOF_DATABASE_URL": url})
    assert "PLAYPROOF_DATABASE_URL: expected an address of PostgreSQL such as postgresql://" in told
    assert "hidden-value" not in told


def test_a_secret_does_not_belong_in_the_file() -> None:
    told = complaint(config=config('admin_key = "hidden-value"\n'))
    assert "set PLAYPROOF_ADMIN_KEY or PLAYPROOF_ADMIN_KEY_FILE in the environment instead" in told
    assert "hidden-value" not in told


def test_secrets_do_not_show() -> None:
    settings = read_settings(environ={"PLAYPROOF_ADMIN_KEY": "hidden-value", "PLAYPROOF_API_KEYS": "shop:hidden-value"}).settings
    shown = repr(settings) + f"{settings.admin_key}" + "".join(row.show(getattr(settings, row.name)) for row in SETTINGS)
    assert "hidden-value" not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(settings.admin_key)
