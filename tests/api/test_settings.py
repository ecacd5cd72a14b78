"""Settings: every one is known, checked, and named when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import SettingsError, load_settings


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = load_settings(environ={}, env_file=None, data=tmp_path)
    assert settings.burst_ms == 1500
    assert (settings.messages_per_minute, settings.messages_per_minute_per_address) == (30, 300)
    assert settings.streams_per_conversation == 5
    assert settings.timezone == "Asia/Tokyo"
    assert settings.origins == () and settings.trusted_proxies == ()
    assert settings.store_url == f"sqlite:///{tmp_path}/toritsugi.db"


def test_an_unknown_setting_is_refused_with_its_name() -> None:
    with pytest.raises(SettingsError, match="TORITSUGI_BURTS_MS"):
        load_settings(environ={"TORITSUGI_BURTS_MS": "1"}, env_file=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BURST_MS", "soon"),
        ("BURST_MS", "-1"),
        ("MESSAGES_PER_MINUTE", "1.5"),
        ("TIMEZONE", "Asia/Nowhere"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("ORIGINS", "shop.example.jp"),
        ("ORIGINS", "https://shop.example.jp/cart"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "localhost:6379"),
        ("SMTP_URL", "mail.example.jp"),
        ("LLM", "gpt-4o-mini"),
        ("CUSTOMER_KEY", "short"),
        ("SECRET", "short"),
    ],
)
def test_a_bad_value_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"TORITSUGI_{name}"):
        load_settings(environ={f"TORITSUGI_{name}": value}, env_file=None)


def test_a_secret_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={"TORITSUGI_SECRET": "hunter2"}, env_file=None)
    assert "hunter2" not in str(refused.value)


def test_env_file_counts_and_the_environment_and_the_command_line_win(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("TORITSUGI_BURST_MS=10\nTORITSUGI_TIMEZONE=UTC\nTORITSUGI_DATA=/a\nOTHER=1\n")
    settings = load_settings(environ={"TORITSUGI_BURST_MS": "20"}, env_file=env, data=tmp_path)
    assert (settings.burst_ms, settings.timezone, settings.data) == (20, "UTC", tmp_path)
    env.write_text("TORITSUGI_TYPO=1\n")
    with pytest.raises(SettingsError, match="TORITSUGI_TYPO"):
        load_settings(environ={}, env_file=env)


def test_an_empty_value_is_as_if_it_were_not_there() -> None:
    assert load_settings(environ={"TORITSUGI_BURST_MS": ""}, env_file=None).burst_ms == 1500


def test_lists_are_read_by_comma() -> None:
    environ = {
        "TORITSUGI_ORIGINS": "https://a.jp, http://b.jp:81,",
        "TORITSUGI_TRUSTED_PROXIES": "10.0.0.1,fd00::/8",
    }
    settings = load_settings(environ=environ, env_file=None)
    assert settings.origins == ("https://a.jp", "http://b.jp:81")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.1/32", "fd00::/8"]
