"""Log directories of a made-up experiment."""

from normlayers.experiments.running.log_directory import LogDirectory


def directory(path, experiment="circle", arms=("a", "b"), versions="1", **arguments):
    asked = {"seed": 0, **arguments}
    return LogDirectory(
        path, experiment, arms, asked, {"code": versions}, ["film.gif"], ["film.mp4"], ["all.png"]
    )


def finished(path, **options):
    """A folder in which both arms were run to their end."""
    made = directory(path, **options)
    made.open()
    for arm in ("a", "b"):
        (made.begin(arm) / "film.gif").write_text("film")
        made.finish(arm, {"found": arm})
    made.write_results({"done": True})
    made.close()
    return made


def files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.*")}
