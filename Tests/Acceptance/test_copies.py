"""Backups and restores that are killed on their way."""

from test_keeping import fill


def operations(shim, control, part: str):
    """Numbers n, further and further apart, and the environment in which a command dies at its n-th write to a file whose
    path has the part."""
    number = 1
    while True:
        control.write_text(f"kill {number}")
        yield number, {"LD_PRELOAD": str(shim), "FAULTY_DISK_CONTROL": str(control), "FAULTY_DISK_PART": part}
        number += 1 if number < 6 else number // 4


def test_a_backup_that_is_killed_at_any_write_leaves_a_whole_one_or_none(make_garage, shim, tmp_path):
    garage = make_garage().start()
    fill(garage, 40)
    earlier = tmp_path / "earlier.db"
    assert garage.command("backup", str(earlier)).returncode == 0
    fill(garage, 40, "dht2")
    backup = tmp_path / "backup.db"
    deaths = 0
    for number, environment in operations(shim, tmp_path / "disk", "/backup.db"):
        done = garage.command("backup", str(backup), env=environment)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        deaths += 1
        assert not backup.exists(), f"operation {number}"
    assert deaths > 8
    # What the deaths left behind is in nobody's way, and the one that came through has everything.
    assert garage.command("verify", str(backup)).returncode == 0
    assert not list(tmp_path.glob("backup.db?*"))
    # One that is to be replaced stays until the new one is complete.
    for number, environment in operations(shim, tmp_path / "disk", "/earlier.db"):
        before = earlier.read_bytes()
        done = garage.command("backup", str(earlier), "--force", env=environment)
        if done.returncode == 0:
            break
        assert done.returncode == -9 and earlier.read_bytes() == before, f"operation {number}"
    assert earlier.read_bytes() != before
    fill(garage, 1)
    assert garage.stop() == 0
    assert garage.command("verify").returncode == 0


def test_a_restore_that_is_killed_at_any_write_leaves_the_old_log_or_the_new_one(make_garage, shim, tmp_path):
    garage = make_garage().start()
    fill(garage, 20)
    backup = tmp_path / "backup.db"
    assert garage.command("backup", str(backup)).returncode == 0
    restored = len(garage.events())
    fill(garage, 5, "dht2")
    assert garage.stop() == 0
    old = garage.command("verify").stdout
    assert "whole" in old
    deaths = 0
    for number, environment in operations(shim, tmp_path / "disk", "/events.db"):
        done = garage.command("restore", str(backup), "--force", env=environment)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        deaths += 1
        check = garage.command("verify")
        assert check.returncode == 0 and check.stdout == old, f"operation {number}: {check.stdout}{check.stderr}"
    assert deaths > 4
    garage.start()
    assert len(garage.events()) >= restored and "dht2" not in str(garage.events(type="sensor.*"))
