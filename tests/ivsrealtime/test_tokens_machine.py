"""Tokens of every kind, used in whatever order: who gets in by them, who does not, and who has to leave for it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from ivsim import Emulator, LiveParticipant, StageRefused

from ..calling import call, send, signed
from .people import place_of

pytestmark = pytest.mark.needs("ImportPublicKey")

PLACE = st.integers(0, 1)
RIGHTS = st.sampled_from([("PUBLISH", "SUBSCRIBE"), ("PUBLISH", "SUBSCRIBE"), ("SUBSCRIBE",)])
SECONDS = st.sampled_from([60, 60, 3600])
JTI = st.sampled_from(["ann", "ann", "bob"])

Who = tuple[str, str]
"""A stage's ARN and a participant's id."""


@cache
def private_key(number: int) -> ec.EllipticCurvePrivateKey:
    """Return one of the keys of the back end; the last is another's."""
    assert number < 3
    return ec.generate_private_key(ec.SECP384R1())


def public_pem(number: int) -> str:
    """Return the public half of a key."""
    return private_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Token:
    """A token, and what is in it. `kid` is the key that it says it is signed with, None for the service's own."""

    text: str
    who: Who
    expires: int
    rights: tuple[str, ...]
    user_id: str
    kid: str | None = None
    is_genuine: bool = True


class Doors(RuleBasedStateMachine):
    """Two stages, a back end with its keys, and whoever comes with a token."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator(seed=1)
        self.sim.clock.freeze()
        self.stages: list[str] = []
        self.gone: set[str] = set()
        self.keys: dict[int, str] = {}
        self.abroad = ""
        self.there: dict[Who, tuple[LiveParticipant, Token]] = {}
        self.over: list[LiveParticipant] = []
        self.disconnected: set[Who] = set()
        self.join_errors: dict[tuple[str, str], int] = {}
        """The number by the key of a participant."""

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        answer = call(self.sim, operation, **members)
        assert answer.status < 300, answer
        return answer.body

    @property
    def now(self) -> float:
        return self.sim.clock.now().timestamp()

    @initialize(target=tokens)
    def build(self) -> Any:
        self.stages = [self.ask("CreateStage")["stage"]["arn"] for _ in range(2)]
        self.import_key(0)
        material = json.dumps({"publicKeyMaterial": public_pem(0)}).encode()
        abroad = send(self.sim, "POST", "/ImportPublicKey", material, signed("eu-west-1"))
        self.abroad = abroad.body["publicKey"]["arn"]
        rights = ("PUBLISH", "SUBSCRIBE")
        made = self.issue(0, 60, rights), self.sign(0, "ann", 3600, rights, 0), self.sign(0, "bob", 3600, rights, 0)
        for token in made:
            self.join(token)
        return multiple(*made)

    # Tokens are made

    @rule(target=tokens, place=PLACE, minutes=st.sampled_from([1, 60]), rights=RIGHTS)
    def issue(self, place: int, minutes: int, rights: tuple[str, ...]) -> Token:
        """CreateParticipantToken makes one for somebody new."""
        stage = self.stages[place]
        wanted = {"stageArn": stage, "duration": minutes, "capabilities": list(rights), "userId": "issued"}
        made = self.ask("CreateParticipantToken", **wanted)["participantToken"]
        expires = int(self.now) + 60 * minutes
        return Token(made["token"], (stage, made["participantId"]), expires, rights, "issued")

    @rule(target=tokens, place=PLACE, jti=JTI, seconds=SECONDS, rights=RIGHTS, number=st.sampled_from([0, 0, 0, 1]))
    def sign(self, place: int, jti: str, seconds: int, rights: tuple[str, ...], number: int) -> Token:
        """The back end signs one, with a `jti` that it may have used before, and a key that may not be imported."""
        return self.signed(place, jti, seconds, rights, self.keys.get(number, self.abroad), number)

    def signed(
        self, place: int, jti: str, seconds: int, rights: tuple[str, ...], kid: str, number: int, user_id: str = ""
    ) -> Token:
        stage, now = self.stages[place], int(self.now)
        user_id = user_id or f"{jti}-{number}"
        payload = {
            "exp": now + seconds,
            "iat": now,
            "jti": jti,
            "resource": stage,
            "topic": stage.rpartition("/")[2],
            "events_url": "wss://global.events.live-video.net",
            "whip_url": "https://x.global-bm.whip.live-video.net",
            "user_id": user_id,
            "capabilities": {f"allow_{each.lower()}": True for each in rights},
            "version": "1.0",
        }
        text = jwt.encode(payload, private_key(number), algorithm="ES384", headers={"kid": kid})
        is_genuine = kid == (self.abroad if kid == self.abroad and number == 0 else self.keys.get(number))
        return Token(text, (stage, jti), now + seconds, rights, user_id, kid, is_genuine)

    @rule(target=tokens, token=tokens, how=st.sampled_from(["name", "none", "cut", "abroad", "foreign"]))
    def forge(self, token: Token, how: str) -> Token:
        """Somebody writes another name in one, or leaves out its signature or a part of it; or nobody signs who may.

        Nobody of this region may with the key of another one, and nobody with another's key.
        """
        header, payload, signature = token.text.split(".")
        if how == "abroad":
            return self.signed(0, "ann", 3600, token.rights, self.abroad, 0)
        if how == "foreign":
            return self.signed(0, "ann", 3600, token.rights, self.keys.get(0, self.abroad), 2)
        if how == "name":
            claims = {**json.loads(urlsafe_b64decode(payload + "==")), "user_id": "mallory"}
            payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        elif how == "none":
            header, signature = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("="), ""
        else:
            signature = signature[:-8]
        return replace(token, text=f"{header}.{payload}.{signature}", is_genuine=False)

    # Tokens are used

    def refusal(self, token: Token) -> str | None:
        """Return the code with which a token is refused; None for one that opens the door."""
        if not token.is_genuine or token.kid not in (None, self.abroad, *self.keys.values()):
            return "TOKEN_MALFORMED"
        if token.expires <= self.now:
            return "TOKEN_EXPIRED"
        return "TOKEN_MALFORMED" if token.kid == self.abroad else None

    def refusal_to_join(self, token: Token) -> str | None:
        """Return the code with which somebody with a token is refused; None for whoever gets in."""
        if token.who[0] in self.gone:
            return self.refusal(token) or "STAGE_DELETED"
        return self.refusal(token) or ("PARTICIPANT_DISCONNECTED" if token.who in self.disconnected else None)

    @rule(token=tokens)
    def join(self, token: Token) -> None:
        """A good token opens the door, again too, and whoever is there with it has to leave; no other does."""
        expected, key = self.refusal_to_join(token), (self.active_session(token.who[0]), token.who[1])
        before = self.sim.dumps()
        if expected is None:
            earlier = self.there.get(token.who)
            joined = self.sim.stages.join(token.text)
            if earlier is not None:
                self.over.append(earlier[0])
                assert joined.session_id == earlier[0].session_id
            self.there[token.who] = joined, token
            return
        with pytest.raises(StageRefused) as refused:
            self.sim.stages.join(token.text)
        assert refused.value.code == expected
        if expected == "PARTICIPANT_DISCONNECTED" and key in self.join_errors:
            self.join_errors[key] += 1
        else:
            assert self.sim.dumps() == before

    @rule(token=tokens)
    def join_copy(self, token: Token) -> None:
        """A token is as good, or bad, where the state was loaded."""
        other = Emulator()
        other.loads(self.sim.dumps())
        expected = self.refusal_to_join(token)
        if expected is None:
            assert other.stages.join(token.text).participant_id == token.who[1]
        else:
            with pytest.raises(StageRefused, match=expected):
                other.stages.join(token.text)

    @rule(target=tokens, who=st.integers(0, 7), rights=RIGHTS)
    def exchange_for_new(self, who: int, rights: tuple[str, ...]) -> Any:
        """Somebody who is there is given another token by the back end, for another name of theirs."""
        stage, jti = [*self.there][who % len(self.there)] if self.there else (self.stages[0], "carl")
        place, kid = self.stages.index(stage), self.keys.get(0, self.abroad)
        token = self.signed(place, jti, 60, rights, kid, 0, "carla")
        self.exchange(token, who)
        return token

    @rule(token=tokens, who=st.integers(0, 7))
    def exchange(self, token: Token, who: int) -> None:
        """Somebody who is there goes on with another token, if a back end has signed both, for the same one."""
        if not self.there:
            return
        its_who = [*self.there][who % len(self.there)]
        person, current = self.there[its_who]
        expected = self.refusal(token)
        if expected is None and (current.kid is None or token.kid is None or token.who != its_who):
            expected = "TOKEN_EXCHANGE_REFUSED"
        if expected is None:
            person.exchange_token(token.text)
            self.there[its_who] = person, token
        else:
            with pytest.raises(StageRefused, match=expected):
                person.exchange_token(token.text)

    @rule(who=st.integers(0, 7))
    def publish(self, who: int) -> None:
        """Who may publish does."""
        if self.there:
            person, token = [*self.there.values()][who % len(self.there)]
            if "PUBLISH" in token.rights:
                person.publish()
            else:
                with pytest.raises(StageRefused, match="INSUFFICIENT_CAPABILITIES"):
                    person.publish()

    # What is done to those who came with them

    @rule(who=st.integers(0, 7))
    def leave(self, who: int) -> None:
        """Who leaves may come back with the same token."""
        if self.there:
            its_who = [*self.there][who % len(self.there)]
            person, _ = self.there.pop(its_who)
            person.leave()
            self.over.append(person)

    @rule(who=st.integers(0, 7), tries=st.integers(0, 2))
    def throw_out(self, who: int, tries: int) -> None:
        """Who is disconnected is out, and knows why; the same token opens the door no more."""
        if self.there:
            stage, participant_id = its_who = [*self.there][who % len(self.there)]
            person, token = self.there.pop(its_who)
            self.ask("DisconnectParticipant", stageArn=stage, participantId=participant_id)
            assert person.seen[-1].reason == "participant-disconnected"
            self.over.append(person)
            self.disconnected.add(its_who)
            self.join_errors.setdefault((person.session_id, participant_id), 0)
            for _ in range(tries):
                self.join(token)

    @rule(number=st.integers(0, 1))
    def exchange_key(self, number: int) -> None:
        """A key is deleted, or imported again by another ARN: earlier tokens of it are worthless.

        Who has joined with one of them stays.
        """
        if number in self.keys:
            self.ask("DeletePublicKey", arn=self.keys.pop(number))
        else:
            self.import_key(number)

    def import_key(self, number: int) -> None:
        made = self.ask("ImportPublicKey", publicKeyMaterial=public_pem(number))
        self.keys[number] = made["publicKey"]["arn"]

    @rule(place=PLACE)
    def delete_stage(self, place: int) -> None:
        """Everybody is out, and knows why."""
        stage = self.stages[place]
        self.ask("DeleteStage", arn=stage)
        for who in [who for who in self.there if who[0] == stage]:
            person, _ = self.there.pop(who)
            assert person.seen[-1].reason == "stage-deleted"
            self.over.append(person)
        self.gone.add(stage)
        self.stages[place] = self.ask("CreateStage")["stage"]["arn"]

    @rule(seconds=st.sampled_from([1, 59, 60, 3600]))
    def pass_time(self, seconds: int) -> None:
        """Who has joined stays when the token expires."""
        self.sim.clock.advance(seconds)

    def active_session(self, stage: str) -> str:
        answer = call(self.sim, "GetStage", arn=stage)
        return str(answer.body["stage"].get("activeSessionId", "")) if answer.status == 200 else ""

    # What always holds

    @invariant()
    def whoever_had_a_good_token_is_there_and_nobody_else(self) -> None:
        """Nobody is there twice, nor after being disconnected, nor on a stage that is deleted."""
        found = [(each.stage_arn, each.participant_id) for each in self.sim.stages.participants]
        assert sorted(found) == sorted(self.there)
        assert self.disconnected.isdisjoint(found)
        assert self.gone.isdisjoint(stage for stage, _ in found)
        assert not any(each.is_connected for each in self.over)

    @invariant()
    def everybody_is_who_the_token_says(self) -> None:
        """By the last token, also where it was exchanged; and nobody publishes without the right."""
        for person, token in self.there.values():
            assert person.is_connected
            assert person.user_id == token.user_id
            assert not person.is_publishing or "PUBLISH" in token.rights

    @invariant()
    def refusals_of_who_was_thrown_out_are_events(self) -> None:
        """A JOIN_ERROR for each, and for no other refusal."""
        for (session_id, participant_id), number in self.join_errors.items():
            stage = next((each for each in self.stages if self.active_session(each) == session_id), None)
            if stage is not None:
                ctx = place_of(self.sim, stage)
                events = ctx.store.events_of[f"{session_id} {participant_id}"]
                names = [ctx.store.participant_events[each].name for each in events]
                assert names.count("JOIN_ERROR") == number


TestDoors = Doors.TestCase
TestDoors.settings = settings(deadline=None, max_examples=30, stateful_step_count=40)
