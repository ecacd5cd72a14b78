"""What can be set from outside: environment or `.env`, prefix `TORITSUGI_`. Nothing else reads them.

An unknown name or a bad value is refused with its name, so that a misspelt setting never goes unnoticed.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "TORITSUGI_"
TESTS = "TORITSUGI_TEST_"  # where tests find their servers; not settings of the product

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A setting that does not exist or has a value that cannot be used. The message names it."""


def _default_data() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "toritsugi"


class Settings(BaseSettings):
    """All settings. Every field's description stands in `docs/operating.md`; a test compares."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, frozen=True)

    data: Path = Field(default_factory=_default_data, description="directory for everything that is kept")
    database_url: str | None = Field(None, description="SQLAlchemy URL; without one, SQLite in DATA")
    redis_url: str | None = Field(None, description="feed and rate limits shared by several replicas")
    encoder: str | None = Field(None, description="another encoder: a directory or hub id (extra train)")
    llm: str | None = Field(None, description="provider:model that may rephrase approved words")
    origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins that may use the widget, by comma; * for any"
    )
    timezone: str = Field("Asia/Tokyo", description="the shop's time zone")
    smtp_url: str | None = Field(
        None, description="smtp://user:password@host:port?to=MAILBOX: where the message form is mailed to"
    )
    customer_key: str | None = Field(
        None, description="HS256 key with which the shop vouches for a customer", min_length=8
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="addresses or networks of proxies whose X-Forwarded-For counts, by comma"
    )
    burst_ms: int = Field(
        1500, ge=0, le=4000, description="pause that ends a shopper's turn, milliseconds; 0 none"
    )
    messages_per_minute: int = Field(
        30, ge=0, description="a shopper's writes in one conversation; 0 no limit"
    )
    messages_per_minute_per_address: int = Field(
        300, ge=0, description="shoppers' writes from one address; 0 no limit"
    )
    streams_per_conversation: int = Field(5, ge=0, description="open streams of one conversation; 0 no limit")
    secret: str | None = Field(
        None,
        description="key of the conversation tokens, shared by replicas; without one, made in DATA",
        min_length=32,
    )
    policy: Path | None = Field(None, description="policy file with thresholds and rules")
    calendar: Path | None = Field(None, description="business calendar file; without one, always open")

    @field_validator("origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return tuple(_commas(value)) if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _each_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, _, host = origin.partition("://")
            if origin != "*" and (scheme not in {"http", "https"} or not host or "/" in host):
                raise ValueError(f"{origin!r} is no origin; write scheme://host[:port] without a path")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ipaddress.ip_network(part, strict=False) for part in _commas(value))
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one like Asia/Tokyo") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:", "postgresql")):
            raise ValueError("write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
        if value is not None and value.startswith("postgresql://"):
            return value.replace("postgresql://", "postgresql+psycopg://", 1)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://HOST:PORT/NUMBER, rediss://… or unix://PATH")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"smtps?://[^/]", value):
            raise ValueError("write smtp://USER:PASSWORD@HOST:PORT or smtps://…")
        return value

    @field_validator("llm")
    @classmethod
    def _model(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^:\s]+:\S+", value):
            raise ValueError("write provider:model, such as openai:gpt-4o-mini")
        return value

    @property
    def store_url(self) -> str:
        """Where the database is: as set, else a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data / 'toritsugi.db'}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def _commas(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _written(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The settings that somebody wrote, by upper-case name; the environment wins over the file."""
    from dotenv import dotenv_values

    found: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        found.update({key: value or "" for key, value in dotenv_values(env_file).items()})
    found.update(environ)
    return {key.upper(): value for key, value in found.items() if key.upper().startswith(PREFIX)}


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **overrides: Any
) -> Settings:
    """Read, check and freeze the settings; `overrides` (what the command line said) win.

    Raises SettingsError naming the first setting that is unknown or unusable, never its value.
    """
    written = _written(os.environ if environ is None else environ, env_file)
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    unknown = sorted(name for name in written if name not in known and not name.startswith(TESTS))
    if unknown:
        raise SettingsError(
            f"unknown setting {unknown[0]}: no such setting exists; correct its name or remove it "
            f"(known: {', '.join(sorted(known))})"
        )
    values: dict[str, Any] = {
        known[name]: value for name, value in written.items() if name in known and value
    }
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        return _build(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"bad setting {name}: {first['msg'].removeprefix('Value error, ')}") from None


class _Given(Settings):
    """The same fields, read from nothing but the values handed in."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def _build(values: Mapping[str, Any]) -> Settings:
    return _Given(**values)
