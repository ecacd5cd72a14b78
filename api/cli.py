"""The command `toritsugi`. Fast to start: whatever is heavy is imported by the command that needs it.

Exit codes: 0 done, 1 refused with a message on stderr (what, where, how to mend), 2 wrong usage.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="toritsugi",
    help="Support chat for Japanese shops: approved answers, honest hand-over, a knowledge base that learns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="Accounts of staff.", no_args_is_help=True)
app.add_typer(users, name="users")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Where everything is kept (default TORITSUGI_DATA, else your data folder)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON or JSON Lines on stdout, and nothing else there.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 chooses a free one.", min=0, max=65535)] = 8000,
    demo: Annotated[bool, typer.Option("--demo", help="Add the demo shop, its pages and accounts.")] = False,
    data: Data = None,
) -> None:
    """Run the product."""
    from api.commands import serve as work

    work.serve(data, host, port, demo=demo)


@app.command()
def index(
    corpus: Annotated[Path, typer.Argument(help="Corpus file, JSON Lines or CSV.")],
    out: Annotated[Path, typer.Option("--out", help="Release directory to make: new or empty.")],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Build a release directory from a corpus file."""
    from api.commands import knowledge

    knowledge.index(data, corpus, out, as_json=json)


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="What a shopper says.")] = None,
    index: Annotated[Path | None, typer.Option("--index", help="A release directory.")] = None,
    corpus: Annotated[Path | None, typer.Option("--corpus", help="A corpus file; its index is kept.")] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", help="JSON Lines to decide on; - for stdin.")
    ] = None,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Decide without a server; a person is assumed to be on duty."""
    if (text is None) == (batch is None):
        raise typer.BadParameter("give either TEXT or --batch")
    if index is not None and corpus is not None:
        raise typer.BadParameter("give --index or --corpus, not both")
    from api.commands import knowledge

    knowledge.ask(data, text, index, corpus, batch, as_json=json)


@app.command()
def mask(json: AsJson = False, data: Data = None) -> None:
    """Hide personal data: lines {"id","text"} on stdin."""
    from api.commands import knowledge

    knowledge.mask_lines(data, as_json=json)


@app.command()
def harvest(
    transcripts: Annotated[Path, typer.Option("--transcripts", help="Transcripts, JSON Lines.")],
    corpus: Annotated[Path, typer.Option("--corpus", help="What the bot knows already.")],
    retire: Annotated[bool, typer.Option("--retire", help="Also propose to retire entries.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Propose what to add to a corpus, from what agents said."""
    from api.commands import knowledge

    knowledge.harvest(data, transcripts, corpus, retire=retire, as_json=json)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="Corpus file, JSON Lines or CSV.")],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Take a corpus file into the draft."""
    from api.commands import studio

    studio.import_file(data, file, as_json=json)


@app.command()
def publish(
    note: Annotated[str | None, typer.Option("--note", help="What changed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also when the check says it is worse.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Make the draft the live release."""
    from api.commands import studio

    studio.publish(data, note, force=force, as_json=json)


@app.command()
def rollback(
    release: Annotated[str | None, typer.Argument(help="Release to go back to; else the one before.")] = None,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Make an earlier release live again."""
    from api.commands import studio

    studio.rollback(data, release, as_json=json)


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="corpus, transcripts or events.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    unmasked: Annotated[bool, typer.Option("--unmasked", help="With personal data; audited.")] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Write what is kept to a file; masked unless --unmasked."""
    if what not in {"corpus", "transcripts", "events"}:
        raise typer.BadParameter("WHAT is corpus, transcripts or events")
    from api.commands import studio

    studio.export(data, what, out, unmasked=unmasked, as_json=json)


@users.command("add")
def users_add(
    email: str,
    name: Annotated[str, typer.Option("--name", help="As shoppers read it.")],
    role: Annotated[str, typer.Option("--role", help="agent, supervisor, editor or admin.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Make an account; without --password-stdin a password is made and printed once."""
    if role not in {"agent", "supervisor", "editor", "admin"}:
        raise typer.BadParameter("--role is agent, supervisor, editor or admin")
    from api.commands import people

    people.add(data, email, name, role, from_stdin=password_stdin, as_json=json)


@users.command("list")
def users_list(json: AsJson = False, data: Data = None) -> None:
    """Show all accounts."""
    from api.commands import people

    people.show(data, as_json=json)


@users.command("disable")
def users_disable(email: str, json: AsJson = False, data: Data = None) -> None:
    """Close an account and end its sessions."""
    from api.commands import people

    people.disable(data, email, as_json=json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write.")], json: AsJson = False, data: Data = None
) -> None:
    """Save database and live release to one file, beside a running server."""
    from api.commands import backup as work

    work.backup(data, file, as_json=json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that backup wrote.")],
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Check a backup and put it in place; erased conversations stay erased."""
    from api.commands import backup as work

    work.restore(data, file, as_json=json)


@app.command()
def migrate(json: AsJson = False, data: Data = None) -> None:
    """Bring the database to this version."""
    from api.commands import backup as work

    work.migrate(data, as_json=json)


@app.command()
def train(
    shops: Annotated[
        Path | None, typer.Option("--shops", help="Learn from shop files: a file or a folder; needs --out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Model file to write (.npz), for --shops.")
    ] = None,
    dev: Annotated[
        list[Path] | None,
        typer.Option("--dev", help="Shops for exams, for --shops; else one shop of twelve is held out."),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Adapt to this corpus file instead of the live release.")
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help='JSON Lines {"text", "entry"}: who asks so means that entry.'),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Lessons at most.", min=1)] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Minutes of learning at most.", min=0.01)
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Highest learning rate.", min=1e-7)] = None,
    margin: Annotated[
        float | None, typer.Option("--margin", help="How much nearer than a look-alike (cosine).", min=0)
    ] = None,
    rank: Annotated[int | None, typer.Option("--rank", help="Rank of the changes.", min=1, max=128)] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of everything that is random.")] = 0,
    json: AsJson = False,
    data: Data = None,
) -> None:
    """Teach the encoder (extra train): your live release, a corpus, or with --shops the shipped model.

    Goes on where it was when it is stopped or dies; nothing changes unless the release check passes.
    """
    if (shops is None) != (out is None):
        raise typer.BadParameter("--shops and --out belong together")
    if shops is not None and (corpus is not None or pairs is not None):
        raise typer.BadParameter("--shops goes with neither --corpus nor --pairs")
    if shops is None and dev:
        raise typer.BadParameter("--dev goes with --shops")
    from api.commands import train as work

    wishes = work.Wishes(steps, minutes, rate, margin, rank, seed)
    if shops is not None and out is not None:
        work.from_shops(data, shops, out, dev or [], wishes, as_json=json)
    else:
        work.from_own(data, corpus, pairs, wishes, as_json=json)


@app.command()
def doctor(json: AsJson = False, data: Data = None) -> None:
    """Check this installation and say what to mend."""
    from api.commands import doctor as work

    work.doctor(data, as_json=json)


def main() -> None:
    """Run the command; a refusal is one clear message and exit code 1."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        from api.commands import refusal

        message = refusal(error)
        if message is None:
            raise
        sys.stderr.write(f"toritsugi: {message}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
