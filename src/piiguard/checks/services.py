"""Mail, messages, queues and other services that are called through a client library."""

from __future__ import annotations

from functools import partial

from piiguard.checks.base import Topic, calls, check
from piiguard.model import Rule

_service = partial(
    check,
    topic="services",
    role="sink",
    category="pii-egress",
    claims=("declared-hosts-only", "no-personal-data-sent"),
    why="What goes through a client library leaves the Atlassian cloud as surely as a request that names its host.",
    fix="Send ids instead of personal data, and name the service as a subprocessor.",
)
_AWS = "https://docs.aws.amazon.com/boto3/latest/reference/services/index.html"
_GIT = ("create_issue", "create_file", "update_file", "create_comment", "create_git_commit")

RULES: tuple[Rule, ...] = (
    _service(
        "py-smtp",
        title="Sends mail over SMTP",
        slots=("arg:*",),
        host="root:arg:0|root:kw:host|root:kw:hostname",
        channel="email",
        callee=calls("smtplib.SMTP().sendmail()", "smtplib.SMTP().send_message()", "aiosmtplib.send()"),
        references=("https://docs.python.org/3/library/smtplib.html",),
    ),
    _service(
        "py-django-mail",
        title="Sends mail through Django or Flask-Mail",
        slots=("arg:*",),
        channel="email",
        callee=calls("django.core.mail.send_mail()", "django.core.mail.EmailMessage()", "flask_mail.Message()"),
        references=("https://docs.djangoproject.com/en/stable/topics/email/",),
    ),
    _service(
        "py-aws-mail",
        title="Sends mail through Amazon SES",
        slots=("arg:*",),
        host="literal:email.amazonaws.com",
        channel="email",
        callee=calls(
            *(
                f"boto3.client({name}).{call}()"
                for name in ("ses", "sesv2")
                for call in ("send_email", "send_raw_email")
            )
        ),
        references=(_AWS,),
    ),
    _service(
        "py-aws-message",
        title="Hands data to a queue, topic, stream, event bus or function of AWS",
        slots=(
            "kw:Message",
            "kw:MessageBody",
            "kw:Entries",
            "kw:Data",
            "kw:Records",
            "kw:Payload",
            "kw:input",
            "kw:MessageAttributes",
        ),
        callee=calls(
            "boto3.client(sns).publish()",
            "boto3.client(sqs).send_message()",
            "boto3.client(sqs).send_message_batch()",
            "boto3.resource(sqs).Queue().send_message()",
            "boto3.resource(sns).Topic().publish()",
            "boto3.client(events).put_events()",
            "boto3.client(kinesis).put_record()",
            "boto3.client(firehose).put_record()",
            "boto3.client(lambda).invoke()",
            "boto3.client(stepfunctions).start_execution()",
        ),
        references=(_AWS,),
    ),
    _service(
        "py-slack",
        title="Posts to Slack",
        slots=("arg:*",),
        host="literal:slack.com",
        channel="fetch",
        callee=calls(
            *(
                f"slack_sdk.{client}().{call}()"
                for client in ("WebClient", "web.async_client.AsyncWebClient")
                for call in ("chat_postMessage", "chat_update", "files_upload", "files_upload_v2", "views_publish")
            )
        ),
        references=("https://docs.slack.dev/tools/python-slack-sdk/web/",),
    ),
    _service(
        "py-webhook-client",
        title="Posts to a webhook of a chat service",
        slots=("arg:*",),
        host="root:arg:0|root:kw:url",
        channel="fetch",
        callee=calls(
            "slack_sdk.webhook.WebhookClient().send()",
            "slack_sdk.WebhookClient().send()",
            "discord_webhook.DiscordWebhook().execute()",
        ),
        references=("https://docs.slack.dev/tools/python-slack-sdk/webhook/",),
    ),
    _service(
        "py-twilio",
        title="Sends a message or call through Twilio",
        slots=("arg:*",),
        host="literal:api.twilio.com",
        channel="fetch",
        callee=calls("twilio.rest.Client().messages.create()", "twilio.rest.Client().calls.create()"),
        references=("https://www.twilio.com/docs/libraries/reference/twilio-python/",),
    ),
    _service(
        "py-sendgrid",
        title="Sends mail through SendGrid",
        slots=("arg:*",),
        host="literal:api.sendgrid.com",
        channel="email",
        callee=calls("sendgrid.SendGridAPIClient().send()", "sendgrid.SendGridAPIClient().client.mail.send.post()"),
        references=("https://github.com/sendgrid/sendgrid-python",),
    ),
    _service(
        "py-mail-service",
        title="Sends mail through Postmark, Mailjet, Resend or Brevo",
        slots=("arg:*",),
        channel="email",
        callee=calls(
            "postmarker.core.PostmarkClient().emails.send()",
            "mailjet_rest.Client().send.create()",
            "resend.Emails.send()",
            "sib_api_v3_sdk.TransactionalEmailsApi().send_transac_email()",
        ),
        references=("https://resend.com/docs/send-with-python",),
    ),
    _service(
        "py-stripe",
        title="Hands customer data to Stripe",
        slots=("arg:*",),
        host="literal:api.stripe.com",
        channel="fetch",
        callee=calls(
            *(
                f"stripe.{kind}.{call}()"
                for kind in ("Customer", "PaymentIntent", "Subscription", "checkout.Session")
                for call in ("create", "modify")
            )
        ),
        references=("https://docs.stripe.com/api?lang=python",),
    ),
    _service(
        "py-github",
        title="Writes to GitHub",
        slots=("arg:*",),
        host="root:kw:base_url|literal:api.github.com",
        channel="fetch",
        callee=calls(*(f"github.Github()**.{call}()" for call in _GIT)),
        references=("https://pygithub.readthedocs.io/en/stable/",),
    ),
    _service(
        "py-gitlab",
        title="Writes to GitLab",
        slots=("arg:*",),
        host="root:arg:0|root:kw:url|literal:gitlab.com",
        channel="fetch",
        callee=calls("gitlab.Gitlab()**.create()"),
        references=("https://python-gitlab.readthedocs.io/en/stable/",),
    ),
    _service(
        "py-google-sheet",
        title="Writes to a Google sheet",
        slots=("arg:*",),
        host="literal:sheets.googleapis.com",
        channel="fetch",
        callee=calls(
            *(
                f"gspread.{login}()**.{call}()"
                for login in ("service_account", "authorize", "oauth")
                for call in ("append_row", "append_rows", "update", "update_cell")
            )
        ),
        references=("https://docs.gspread.org/en/latest/",),
    ),
    _service(
        "py-queue-publish",
        title="Publishes to a message broker",
        slots=("arg:*",),
        host="root:kw:bootstrap_servers|root:arg:0",
        callee=calls(
            "kafka.KafkaProducer().send()",
            "confluent_kafka.Producer().produce()",
            "pika.BlockingConnection().channel().basic_publish()",
            "google.cloud.pubsub_v1.PublisherClient().publish()",
            "paho.mqtt.client.Client().publish()",
        ),
        references=("https://kafka-python.readthedocs.io/en/master/",),
    ),
)

TOPIC = Topic(rules=RULES)
