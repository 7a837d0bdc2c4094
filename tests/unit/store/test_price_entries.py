from promptops.store.store import Store


def test_an_entry_is_found_by_its_digest_and_never_changed(tmp_path):
    with Store(tmp_path) as store:
        store.prices.keep("d1", "m", '{"input":1}')
        store.prices.keep("d1", "m", '{"input":2}')
        store.prices.keep("d2", "m", '{"input":3}')
    with Store(tmp_path) as store:
        assert store.prices.find("d1") == ("m", '{"input":1}')
        assert store.prices.find("d2") == ("m", '{"input":3}')
        assert store.prices.find("d3") is None
