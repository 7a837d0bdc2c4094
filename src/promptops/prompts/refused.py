"""Settings that a prompt file may not make, and where they belong instead."""

from __future__ import annotations

CONNECTION = frozenset(
    (
        "api_base",
        "api_key",
        "api_type",
        "api_version",
        "aws_access_key_id",
        "aws_bedrock_runtime_endpoint",
        "aws_profile_name",
        "aws_region_name",
        "aws_role_name",
        "aws_secret_access_key",
        "aws_session_name",
        "aws_session_token",
        "aws_sts_endpoint",
        "aws_web_identity_token",
        "azure_ad_token",
        "azure_endpoint",
        "azure_password",
        "azure_scope",
        "azure_username",
        "base_url",
        "client",
        "client_id",
        "client_secret",
        "custom_llm_provider",
        "default_headers",
        "extra_headers",
        "extra_query",
        "headers",
        "http_client",
        "litellm_credential_name",
        "organization",
        "project",
        "proxy",
        "region_name",
        "ssl_verify",
        "tenant_id",
        "user_agent",
        "vertex_credentials",
        "vertex_location",
        "vertex_project",
        "watsonx_region_name",
    )
)
"""A repository must never redirect keys or traffic: these come from the environment."""

ELSEWHERE: dict[str, str] = {
    "n": "use `samples` in the suite; each sample is a request of its own",
    "stream": "answers are read whole; leave it out",
    "stream_options": "answers are read whole; leave it out",
    "response_format": "write the JSON Schema under `output: {schema: …}`",
    "tools": "write `tools` beside `params`",
    "functions": "write `tools` beside `params`",
    "model": "write `model` beside `params`",
    "messages": "write `messages` beside `params`",
    "timeout": "deadlines belong to the run, not to the prompt",
    "request_timeout": "deadlines belong to the run, not to the prompt",
    "num_retries": "retries belong to the run, not to the prompt",
    "max_retries": "retries belong to the run, not to the prompt",
    "fallbacks": "a comparison needs one model; name it in `model`",
    "mock_response": "a prompt is answered by its model; leave it out",
}
"""Setting to what to do instead."""
