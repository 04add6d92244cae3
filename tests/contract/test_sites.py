"""What a store promises of sites and signing keys, whatever engine is below."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec

from playproof.store import SecretRecord, SigningKey, SiteRecord, Store
from playproof.testing.records import RECEIVED_AT as NOW


def site(base: str = "shop", /, **changes: object) -> SiteRecord:
    made = SiteRecord(
        id=f"site_{base}",
        name=base,
        sitekey=f"pk_{base}",
        origins=("https://shop.example", "https://www.shop.example"),
        policy=b"{}",
        created_at=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def secret(name: str, created_at: int = NOW, expires_at: int | None = None) -> SecretRecord:
    return SecretRecord(digest=name.encode(), hint=f"...{name}", created_at=created_at, expires_at=expires_at)


def owner(store: Store, name: str, now: int = NOW) -> str | None:
    found = store.sites.by_secret(name.encode(), now)
    return None if found is None else found.id


def test_a_site_is_found_by_each_of_its_names(store: Store, other: Store) -> None:
    assert store.sites.create(site(), secret("a"))
    for found in (other.sites.get("site_shop"), other.sites.by_key("pk_shop"), other.sites.by_secret(b"a", NOW)):
        assert found == site()
    for found in (other.sites.get("shop"), other.sites.by_key("site_shop"), other.sites.by_secret(b"b", NOW)):
        assert found is None
    assert other.sites.by_key("half of a pair \ud800") is None
    assert other.sites.get("half of a pair \ud800") is None


def test_names_and_sitekeys_are_unique(store: Store) -> None:
    assert store.sites.create(site(), secret("a"))
    assert not store.sites.create(site("another", name="shop"), secret("b"))
    assert not store.sites.create(site("another", sitekey="pk_shop"), secret("b"))
    assert not store.sites.create(site("another", id="site_shop"), secret("b"))
    assert store.sites.by_secret(b"b", NOW) is None
    assert store.sites.create(site("another"), secret("b"))
    assert [one.name for one in store.sites.list()] == ["another", "shop"]


def test_of_many_who_make_a_site_of_one_name_one_does(store: Store, other: Store) -> None:
    def make(number: int) -> bool:
        return (store, other)[number % 2].sites.create(site(id=f"site_{number}", sitekey=f"pk_{number}"), secret(f"s{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(make, range(16))).count(True) == 1
    assert len(store.sites.list()) == 1


def test_a_site_can_be_changed(store: Store, other: Store) -> None:
    store.sites.create(site(), secret("a"))
    store.sites.create(site("another"), secret("b"))
    changed = site(origins=("https://new.example",), policy=b'{"strict":true}', disabled_at=NOW + 5)
    assert store.sites.update(changed)
    assert other.sites.get("site_shop") == changed
    assert not store.sites.update(site(name="another")), "the name is another site's"
    assert not store.sites.update(site("nobody"))
    assert other.sites.get("site_shop") == changed


def test_two_secrets_live_while_one_takes_over(store: Store, other: Store) -> None:
    store.sites.create(site(), secret("a"))
    assert store.sites.rotate("site_shop", secret("b", NOW + 10), NOW + 100)
    assert [owner(other, name, NOW + 99) for name in ("a", "b")] == ["site_shop"] * 2
    assert [owner(other, name, NOW + 100) for name in ("a", "b")] == [None, "site_shop"]
    assert store.sites.secrets("site_shop") == [secret("b", NOW + 10), secret("a", NOW, NOW + 100)]


def test_where_two_live_the_older_goes_at_once(store: Store) -> None:
    store.sites.create(site(), secret("a"))
    store.sites.rotate("site_shop", secret("b", NOW + 10), NOW + 100)
    assert store.sites.rotate("site_shop", secret("c", NOW + 20), NOW + 200)
    assert [owner(store, name, NOW + 50) for name in ("a", "b", "c")] == [None, "site_shop", "site_shop"]
    assert [one.digest for one in store.sites.secrets("site_shop")] == [b"c", b"b"]


def test_a_secret_never_lives_longer_by_a_rotation(store: Store) -> None:
    store.sites.create(site(), secret("a", expires_at=NOW + 30))
    store.sites.rotate("site_shop", secret("b", NOW + 10), NOW + 100)
    assert [owner(store, "a", now) for now in (NOW + 29, NOW + 30)] == ["site_shop", None]


def test_only_a_site_has_secrets(store: Store) -> None:
    assert not store.sites.rotate("site_nobody", secret("a"), NOW)
    assert store.sites.secrets("site_nobody") == []


def test_the_first_signing_key_is_made_once(store: Store, other: Store) -> None:
    assert store.signing.keys() == []

    def make(number: int) -> SigningKey:
        return (store, other)[number % 2].signing.make_first(SigningKey(f"k{number}", bytes([number] * 32), NOW + number))

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(16)))
    assert store.signing.keys() == made[:1]
    assert made == made[:1] * 16


def test_a_newer_key_takes_over_and_an_older_one_is_retired(store: Store, other: Store) -> None:
    first, second = SigningKey("a", b"1" * 32, NOW), SigningKey("b", b"2" * 32, NOW + 1)
    store.signing.make_first(first)
    assert store.signing.add(second)
    assert not store.signing.add(SigningKey("b", b"3" * 32, NOW + 2))
    assert other.signing.keys() == [second, first]
    assert other.signing.make_first(SigningKey("c", b"4" * 32, NOW + 3)) == second
    assert other.signing.retire("a")
    assert not other.signing.retire("a")
    assert store.signing.keys() == [second]


def test_a_key_is_not_shown(store: Store) -> None:
    key = SigningKey("a", b"very secret", NOW)
    assert "secret" not in f"{key!r} {[key]}"
