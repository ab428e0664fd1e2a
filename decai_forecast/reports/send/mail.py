"""The report by mail: the three sentences as text, the files attached."""

from __future__ import annotations

import smtplib

from decai_forecast.channels import MailServer, send_mail
from decai_forecast.delivery import Connection
from decai_forecast.reports.bundle_files import REPORT_FILES
from decai_forecast.reports.send.bundle import Bundle
from decai_forecast.reports.send.errors import Misdescribed, Rejected, Unreachable
from decai_forecast.reports.send.settings import Target

__all__ = ["send_by_mail"]

HERE = ("localhost", "127.0.0.1", "::1")
PERMANENT = 500  # SMTP answers from here on do not change by trying again (RFC 5321, 4.2.1)


def send_by_mail(target: Target, connection: Connection, bundle: Bundle) -> None:
    """One mail to all addresses, over TLS unless the server is on this machine. Its Message-ID is made of the manifest's
    digest and the target: a mail that was sent twice is one in the mailbox."""
    server = _server(target, connection)
    domain = server.sender.rpartition("@")[2]
    attached = {name: (REPORT_FILES[name].partition(";")[0], data) for name, data in bundle.files.items()}
    try:
        send_mail(
            server, target.to, bundle.subject, bundle.text, attached=attached,
            message_id=f"<{bundle.digest[:40]}.{target.name}@{domain}>",
        )  # fmt: skip
    except smtplib.SMTPAuthenticationError:
        raise Rejected(f"{target.name}: {server.host} does not take the login of connection {target.connection!r}") from None
    except smtplib.SMTPResponseException as error:
        kind = Rejected if error.smtp_code >= PERMANENT else Unreachable
        raise kind(f"{target.name}: {server.host} answers {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused:
        raise Rejected(f"{target.name}: {server.host} takes no mail to {', '.join(target.to)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{target.name}: {server.host} does not answer ({type(error).__name__})") from None


def _server(target: Target, connection: Connection) -> MailServer:
    """From the connection: host, port, login, password; the sender is ``sender`` or ``from_email`` of its extra, or login."""
    extra = connection.extra
    sender = str(extra.get("sender") or extra.get("from_email") or connection.login)
    if not connection.host or "@" not in sender:
        raise Misdescribed(
            f"{target.name}: connection {target.connection!r} needs a host, and in its extra a sender "
            "such as reports@acme.example"
        )
    here = connection.host in HERE
    return MailServer(connection.host, connection.port or 587, sender, connection.login, connection.password, tls=not here)
