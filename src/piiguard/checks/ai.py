"""AI services: which provider is asked, and what it is told."""

from __future__ import annotations

from functools import partial

from piiguard.checks.base import Topic, calls, check
from piiguard.model import Rule

_model = partial(
    check,
    topic="ai",
    role="sink",
    category="pii-egress",
    channel="fetch",
    slots=("arg:*",),
    claims=("declared-hosts-only", "no-personal-data-sent", "ai-processing-listed"),
    why="A prompt leaves for the provider; text of issues and pages in it may hold personal data.",
    fix="Name the provider, let the customer configure it, and take personal data out of the prompt.",
)
_OPENAI = (
    "chat.completions.create",
    "chat.completions.parse",
    "completions.create",
    "responses.create",
    "embeddings.create",
    "images.generate",
)
_openai_calls = tuple(
    f"{root}.{call}()" for root in ("openai.OpenAI()", "openai") for call in (*_OPENAI, "ChatCompletion.create")
)
_azure_calls = tuple(f"openai.{kind}().{call}()" for kind in ("AzureOpenAI", "AsyncAzureOpenAI") for call in _OPENAI)
_anthropic_calls = tuple(
    f"anthropic.Anthropic().{call}()"
    for call in ("messages.create", "messages.stream", "completions.create", "beta.messages.create")
)
_google_calls = (
    *(
        f"google.generativeai.{model}().{call}()"
        for model in ("GenerativeModel",)
        for call in ("generate_content", "start_chat")
    ),
    "google.generativeai.GenerativeModel().start_chat().send_message()",
    "google.genai.Client().models.generate_content()",
    "google.genai.Client().aio.models.generate_content()",
    "google.genai.Client().models.embed_content()",
)
_vertex_calls = ("vertexai.generative_models.GenerativeModel().generate_content()",)
_bedrock_calls = tuple(
    f"boto3.client({service}).{call}()"
    for service in ("bedrock-runtime", "bedrock-agent-runtime")
    for call in (
        "invoke_model",
        "invoke_model_with_response_stream",
        "converse",
        "converse_stream",
        "invoke_agent",
        "retrieve_and_generate",
    )
)
_mistral_calls = ("mistralai.Mistral().chat.complete()", "mistralai.client.MistralClient().chat()")
_cohere_calls = tuple(
    f"cohere.{kind}().{call}()" for kind in ("Client", "ClientV2") for call in ("chat", "generate", "embed")
)
_groq_calls = ("groq.Groq().chat.completions.create()",)
_router_calls = (
    *(f"litellm.{call}()" for call in ("completion", "acompletion", "embedding")),
    *(
        f"{module}.{model}().{call}()"
        for module, model in (
            ("langchain_openai", "ChatOpenAI"),
            ("langchain_openai", "OpenAIEmbeddings"),
            ("langchain_anthropic", "ChatAnthropic"),
            ("langchain_google_genai", "ChatGoogleGenerativeAI"),
            ("langchain_aws", "ChatBedrock"),
        )
        for call in ("invoke", "ainvoke", "stream", "predict", "embed_documents", "embed_query")
    ),
    "replicate.run()",
    "huggingface_hub.InferenceClient().chat_completion()",
    "huggingface_hub.InferenceClient().text_generation()",
    "ollama.chat()",
    "ollama.generate()",
)

RULES: tuple[Rule, ...] = (
    _model(
        "py-openai",
        title="Sends a prompt to OpenAI",
        host="root:kw:base_url|literal:api.openai.com",
        callee=calls(*_openai_calls),
        references=("https://platform.openai.com/docs/api-reference",),
    ),
    _model(
        "py-azure-openai",
        title="Sends a prompt to Azure OpenAI",
        host="root:kw:azure_endpoint|root:kw:base_url",
        callee=calls(*_azure_calls),
        references=("https://learn.microsoft.com/azure/ai-services/openai/",),
    ),
    _model(
        "py-anthropic",
        title="Sends a prompt to Anthropic",
        host="root:kw:base_url|literal:api.anthropic.com",
        callee=calls(*_anthropic_calls),
        references=("https://docs.claude.com/en/api/overview",),
    ),
    _model(
        "py-google-ai",
        title="Sends a prompt to Google Gemini",
        host="literal:generativelanguage.googleapis.com",
        callee=calls(*_google_calls),
        references=("https://ai.google.dev/api",),
    ),
    _model(
        "py-vertex-ai",
        title="Sends a prompt to Google Vertex AI",
        host="literal:aiplatform.googleapis.com",
        callee=calls(*_vertex_calls),
        references=("https://cloud.google.com/vertex-ai/docs/reference/rest",),
    ),
    _model(
        "py-mistral",
        title="Sends a prompt to Mistral",
        host="root:kw:server_url|literal:api.mistral.ai",
        callee=calls(*_mistral_calls),
        references=("https://docs.mistral.ai/api/",),
    ),
    _model(
        "py-cohere",
        title="Sends a prompt to Cohere",
        host="root:kw:base_url|literal:api.cohere.com",
        callee=calls(*_cohere_calls),
        references=("https://docs.cohere.com/reference/about",),
    ),
    _model(
        "py-groq",
        title="Sends a prompt to Groq",
        host="root:kw:base_url|literal:api.groq.com",
        callee=calls(*_groq_calls),
        references=("https://console.groq.com/docs/api-reference",),
    ),
    _model(
        "py-bedrock",
        title="Sends a prompt to Amazon Bedrock",
        callee=calls(*_bedrock_calls),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/bedrock-runtime.html",),
    ),
    _model(
        "py-model-router",
        title="Sends a prompt through a library that serves many providers",
        callee=calls(*_router_calls),
        references=("https://docs.litellm.ai/",),
    ),
    check(
        "py-ai-processing",
        topic="ai",
        role="observation",
        category="ai-processing",
        title="Asks an AI model",
        callee=calls(
            *_openai_calls,
            *_azure_calls,
            *_anthropic_calls,
            *_google_calls,
            *_vertex_calls,
            *_bedrock_calls,
            *_mistral_calls,
            *_cohere_calls,
            *_groq_calls,
            *_router_calls,
        ),
        claims=("ai-processing-listed",),
        why="Customers must be told that their data is processed by an AI model, and by whose.",
        fix="Name the provider and the purpose in the Trust Center tab.",
        references=("https://developer.atlassian.com/platform/marketplace/security-requirements/",),
    ),
)

TOPIC = Topic(rules=RULES)
