"""The examination system knows the public page of the admin module, where it is told of one."""

import pytest


@pytest.mark.parametrize(
    ("changes", "linked"), [({}, False), ({"announcements_url": "https://selection.example"}, True)]
)
async def test_the_home_page_leads_to_the_announcements(worker, changes, linked):
    async with worker(**changes) as app:
        answer = await app._inner.test_client().get("/")
        assert ('href="https://selection.example"' in await answer.get_data(as_text=True)) == linked
