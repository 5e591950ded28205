"""The tour's chapters of IVS Chat."""

from __future__ import annotations

from collections.abc import Callable

from .tour import NAME, Tour


def rooms(tour: Tour) -> None:
    """Rooms, found by name and page by page."""
    chat = tour.ivschat
    plain = chat.create_room(tags=tour.tags)["arn"]
    arn = chat.create_room(name=NAME, tags=tour.tags, maximumMessageLength=100, maximumMessageRatePerSecond=5)["arn"]
    chat.get_room(identifier=arn)
    chat.get_room(identifier=plain)
    chat.update_room(identifier=arn, maximumMessageLength=200)
    tour.pages(chat.list_rooms)
    chat.list_rooms(name=NAME)
    tour.refused(chat.list_rooms, loggingConfigurationIdentifier=tour.unknown("logging-configuration", "ivschat"))
    for settings in (
        {"name": "no & no"},
        {"maximumMessageLength": 501},
        {"maximumMessageRatePerSecond": 0, "maximumMessageLength": 0},
        {"loggingConfigurationIdentifiers": [tour.unknown("logging-configuration", "ivschat")]},
        {"messageReviewHandler": {"uri": "nonsense"}},
        {"messageReviewHandler": {"fallbackResult": "MAYBE"}},
    ):
        tour.refused(chat.create_room, **settings)
    tour.tag(chat, arn)
    for each in arn, plain:
        chat.delete_room(identifier=each)
    for each in arn, tour.unknown("room", "ivschat"), tour.unknown("channel"), "nonsense", "":
        for operation in chat.get_room, chat.update_room, chat.delete_room:
            tour.refused(operation, identifier=each)


def messages(tour: Tour) -> None:
    """Tokens, and what a back end sends to a room in which nobody is."""
    chat = tour.ivschat
    room = chat.create_room(name=NAME, tags=tour.tags)["arn"]
    chat.create_chat_token(roomIdentifier=room, userId="ada")
    chat.create_chat_token(
        roomIdentifier=room,
        userId="ada",
        capabilities=["SEND_MESSAGE", "DELETE_MESSAGE"],
        sessionDurationInMinutes=180,
        attributes={"color": "green"},
    )
    for wrong in (
        {"userId": "x" * 129},
        {"userId": "ada", "sessionDurationInMinutes": 181},
        {"userId": "ada", "capabilities": ["SEND_MESSAGE", "FLY"]},
        {"userId": "ada", "attributes": {"k": "v" * 1024}},
    ):
        tour.refused(chat.create_chat_token, roomIdentifier=room, **wrong)
    chat.send_event(roomIdentifier=room, eventName="app:poll", attributes={"question": "Encore?"})
    tour.refused(chat.send_event, roomIdentifier=room, eventName="x", attributes={"k": "v" * 4096})
    chat.delete_message(roomIdentifier=room, id="abcdefghijkl", reason="spam")
    tour.refused(chat.delete_message, roomIdentifier=room, id="nonsense")
    chat.disconnect_user(roomIdentifier=room, userId="ada", reason="rude")
    chat.delete_room(identifier=room)
    tour.refused(chat.create_chat_token, roomIdentifier=room, userId="ada")
    tour.refused(chat.send_event, roomIdentifier=room, eventName="x")
    tour.refused(chat.delete_message, roomIdentifier=room, id="abcdefghijkl")
    tour.refused(chat.disconnect_user, roomIdentifier=room, userId="ada")


def logging_configurations(tour: Tour) -> None:
    """What is refused and, for the reader's bucket, a configuration that a room uses. Nothing is logged by it."""
    chat = tour.ivschat
    chat.list_logging_configurations()
    tour.refused(chat.create_logging_configuration, destinationConfiguration={})
    for operation in ("get", "update", "delete"):
        unknown = tour.unknown("logging-configuration", "ivschat")
        tour.refused(getattr(chat, f"{operation}_logging_configuration"), identifier=unknown)
    if not tour.bucket:
        return
    s3 = {"s3": {"bucketName": tour.bucket}}
    arn = chat.create_logging_configuration(name=NAME, tags=tour.tags, destinationConfiguration=s3)["arn"]
    tour.settle(chat.get_logging_configuration, identifier=arn)
    chat.get_logging_configuration(identifier=arn)
    chat.update_logging_configuration(identifier=arn, name="")
    tour.settle(chat.get_logging_configuration, identifier=arn)
    room = chat.create_room(name=NAME, tags=tour.tags, loggingConfigurationIdentifiers=[arn])["arn"]
    chat.list_rooms(loggingConfigurationIdentifier=arn)
    tour.refused(chat.delete_logging_configuration, identifier=arn)
    chat.delete_room(identifier=room)
    chat.delete_logging_configuration(identifier=arn)
    tour.refused(chat.delete_logging_configuration, identifier=arn)


CHAPTERS: list[Callable[[Tour], None]] = [rooms, messages, logging_configurations]
"""The chapters, in order."""
