"""The second factor of a log-in: an authenticator app, and ten recovery codes for the day the phone is gone.

The secret is sealed for its person with CYBERADMIN_KEYS; a time step is used up in the same statement that checks it, so
a code opens once however many requests race; a recovery code likewise (docs/engine.md, security checklist line 13).
"""

import hashlib
import secrets

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit
from cyberadmin.accounts import secrets as seals
from cyberadmin.sync.clock import now

from . import demand, sessions, throttle, totp
from .models import Demand, FactorPolicy, Profile, RecoveryCode, SecondFactor, StaffSession

ISSUER = "cyberadmin"
CODES = 10
#: No letter that looks like a digit; ten of them are 49 bits, hashed slowly because they are fewer than 112.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def start() -> str:
    """A new secret for an app; nothing is stored before its first code is typed back."""
    return totp.new_secret()


def seal(user: User, secret: str) -> str:
    """A secret sealed for this person, to be kept anywhere."""
    return seals.encrypt(secret, _context(user.pk))


def unseal(user: User, sealed: str) -> str:
    """The secret in clear. Raises secrets.SecretUnreadable."""
    return seals.decrypt(sealed, _context(user.pk))


def app_address(user: User, secret: str) -> str:
    """What the QR code tells the app."""
    return totp.address(secret, ISSUER, user.get_username())


def enrol(user: User, secret: str, code: str) -> list[str]:
    """Put an app into use when it shows the right code, in place of the one before; the recovery codes, shown once.

    Raises ValidationError for a wrong code.
    """
    throttle.take(_charge(user))
    step = totp.matching_step(secret, digits(code), _seconds(), 0)
    if step is None:
        raise ValidationError(
            {"code": _("This code does not fit. Type the six digits that the app shows now, and check its clock.")}
        )
    throttle.succeed(_charge(user))
    with transaction.atomic():
        SecondFactor.objects.update_or_create(
            user=user, defaults={"secret": seal(user, secret), "last_step": step, "created_at": now(), "salt": ""}
        )
        codes = _new_codes(user)
        audit.record("second_factor.enrolled", actor=user)
    return codes


def show(user: User, text: str) -> str:
    """Accept the six digits of the app or a recovery code, once; "app" or "recovery".

    Raises ValidationError for what does not fit, throttle.Throttled after too many tries.
    """
    charge = _charge(user)
    throttle.take(charge)
    typed = text.replace(" ", "").replace("-", "").lower()
    kind = "app" if typed.isdigit() and len(typed) == totp.DIGITS else "recovery"
    fits = _use_step(user, typed) if kind == "app" else _use_recovery(user, typed)
    if not fits:
        audit.record("second_factor.refused", actor=user, kind=kind)
        raise ValidationError(
            {"code": _("This code does not fit, or it was used already. Wait for the next one and type it.")}
        )
    throttle.succeed(charge)
    if kind == "recovery":
        audit.record("second_factor.recovery_used", actor=user, left=codes_left(user))
    return kind


def codes_left(user: User) -> int:
    """How many recovery codes were not used yet."""
    return RecoveryCode.objects.filter(factor__user=user, used_at=None).count()


def has_factor(user: User) -> bool:
    """Whether this person has put an app into use."""
    return SecondFactor.objects.filter(user=user).exists()


def renew_codes(user: User) -> list[str]:
    """Ten new recovery codes in place of those before; shown once."""
    with transaction.atomic():
        codes = _new_codes(user)
        audit.record("second_factor.codes_made", actor=user)
    return codes


def remove(user: User) -> None:
    """Turn one's own second factor off. Raises ValidationError for who must have one."""
    if demand.must_have(user):
        raise ValidationError(_("You must have a second factor: set a new phone up instead of turning it off."))
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        audit.record("second_factor.removed", actor=user)


def reset(actor: User | None, user: User, why: str) -> None:
    """Take a colleague's second factor away, who lost phone and codes; their sessions end. None: from the command line."""
    if actor is not None and (not actor.is_superuser or actor == user):
        raise PermissionDenied
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        sessions.end(StaffSession.objects.filter(user=user), StaffSession.End.FACTOR)
        audit.record("second_factor.reset", actor=actor, user=user.get_username(), why=why)


def demand_of(actor: User, who: str) -> None:
    """Decide who must have a second factor; nobody below the installation's least."""
    if not actor.is_superuser:
        raise PermissionDenied
    if demand.floor(who) != who:
        raise ValidationError({"who": _("This installation asks for more than that; see its settings.")})
    with transaction.atomic():
        FactorPolicy.objects.update_or_create(pk=FactorPolicy.ONLY, defaults={"who": Demand(who)})
        audit.record("second_factor.policy", actor=actor, who=who)


def demand_from(actor: User, user: User, required: bool) -> None:
    """Decide whether one person must have a second factor."""
    if not actor.is_superuser:
        raise PermissionDenied
    with transaction.atomic():
        Profile.objects.update_or_create(user=user, defaults={"second_factor_required": required})
        audit.record("second_factor.required", actor=actor, user=user.get_username(), required=required)


def seal_anew() -> int:
    """Seal every secret with the newest key; how many needed it. Raises SecretUnreadable at one that no key opens."""
    rotated = 0
    for pk in SecondFactor.objects.values_list("pk", flat=True):
        with transaction.atomic():
            factor = SecondFactor.objects.select_for_update().get(pk=pk)
            if not seals.is_current(factor.secret):
                factor.secret = seals.encrypt(seals.decrypt(factor.secret, _context(pk)), _context(pk))
                factor.save(update_fields=["secret"])
                rotated += 1
    return rotated


def digits(code: str) -> str:
    """A code as typed, without the spaces that apps show in it."""
    return "".join(code.split())


def _context(user_id: int) -> str:
    return f"second-factor:{user_id}"


def _charge(user: User) -> throttle.Charge:
    return throttle.Charge.of(throttle.FACTOR, "factor", user.pk)


def _seconds() -> float:
    return now().timestamp()


def _use_step(user: User, code: str) -> bool:
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    secret = seals.decrypt(factor.secret, _context(user.pk))
    step = totp.matching_step(secret, code, _seconds(), factor.last_step)
    if step is None:
        return False
    # Checked and used up in one statement: of two requests with the same code, one changes the row.
    return SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step) == 1


def _use_recovery(user: User, code: str) -> bool:
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None or not code:
        return False
    unused = RecoveryCode.objects.filter(factor=factor, digest=_digest(code, factor.salt), used_at=None)
    return unused.update(used_at=now()) == 1


def _new_codes(user: User) -> list[str]:
    salt = secrets.token_hex(16)
    SecondFactor.objects.filter(user=user).update(salt=salt)
    RecoveryCode.objects.filter(factor__user=user).delete()
    codes = ["".join(secrets.choice(_ALPHABET) for _letter in range(10)) for _code in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(factor_id=user.pk, digest=_digest(code, salt)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()
