"""Retention: the things of IVS Chat that only accumulate, and the dropping of the oldest when `history` is limited."""

from __future__ import annotations

from ._service import Context, service


@service.forgetting
def forget(ctx: Context, most: int) -> None:
    """Drop tokens that are of no use any more, closed connections, frames and log records but for the newest ones."""
    store, now = ctx.store, ctx.now
    spent = [
        each.token
        for each in store.tokens.values()
        if each.used or now > min(each.token_expiration_time, each.session_expiration_time)
    ]
    store.tokens.drop(set(spent[:-most]))
    closed = {each.id for each in list(store.closed_connections.values())[:-most]}
    for table in (store.closed_connections, store.received):
        table.drop(closed)
    if closed:
        ctx.clock.cancel(lambda task: task.arguments[0] in closed)  # the end of a session that has ended
    # A room that is gone keeps its series while somebody may still read them: a connection, or a batch of logs.
    connections = (*store.connections.values(), *store.closed_connections.values())
    batches: dict[str, int] = {}  # from where on records are still to be sent
    for batch in store.log_batches.values():
        batches[batch.room_arn] = min(batch.start, batches.get(batch.room_arn, batch.start))
    wanted = {each.room_arn for each in connections} | batches.keys()
    for series in store.series.values():
        series.drop({room_arn for room_arn in series if room_arn not in store.rooms and room_arn not in wanted})
    for room_arn in store.frames:
        store.frames.drop_before(room_arn, store.frames.end(room_arn) - most)
    # Of the records what is still to be sent stays; deliveries go when no record is left that they speak of.
    for room_arn in store.log_records:
        end = store.log_records.end(room_arn)
        store.log_records.drop_before(room_arn, min(end - most, batches.get(room_arn, end)))
        first, deliveries = store.log_records.first(room_arn), store.log_deliveries
        arrived = enumerate(deliveries[room_arn], deliveries.first(room_arn))
        wanted_from = (place for place, delivery in arrived if delivery.end > first)
        deliveries.drop_before(room_arn, next(wanted_from, deliveries.end(room_arn)))
