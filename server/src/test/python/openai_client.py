"""The official Python client against a running Graft, unchanged: python openai_client.py URL KEY."""
import io
import sys
import time

import openai

url, key = sys.argv[1], sys.argv[2]
client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
BASE = "SmolLM2-135M-Instruct"
ask = [{"role": "user", "content": "What is the capital of France?"}]

models = [model.id for model in client.models.list()]
assert models[0] == BASE and "triage" in models, models
assert client.models.retrieve("triage").id == "triage"

whole = client.chat.completions.create(model=BASE, messages=ask, max_tokens=16, temperature=0)
assert whole.choices[0].message.content and whole.usage.completion_tokens <= 16

chunks = list(client.chat.completions.create(model=BASE, messages=ask, max_tokens=16, temperature=0, stream=True,
                                             stream_options={"include_usage": True}))
streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert streamed == whole.choices[0].message.content, (streamed, whole.choices[0].message.content)
assert chunks[-1].usage.total_tokens == whole.usage.total_tokens

two = client.chat.completions.create(model=BASE, messages=ask, max_tokens=8, n=2, seed=7, temperature=1.0,
                                     logprobs=True, top_logprobs=3, stop=["\n"])
assert [choice.index for choice in two.choices] == [0, 1]
assert all(len(entry.top_logprobs) == 3 for entry in two.choices[0].logprobs.content)

text = client.completions.create(model=BASE, prompt="Once upon a time", max_tokens=8, temperature=0)
assert text.choices[0].text

vectors = client.embeddings.create(model="all-MiniLM-L6-v2", input=["a pump", "a valve"])
assert len(vectors.data) == 2 and len(vectors.data[0].embedding) == 384
short = client.embeddings.create(model="all-MiniLM-L6-v2", input="a pump", dimensions=64, encoding_format="float")
assert len(short.data[0].embedding) == 64

note = io.BytesIO("# Koala-7 fan\n\nThe Koala-7 fan weighs 12 kg.\n".encode())
note.name = "koala-7-fan.md"
file = client.files.create(file=note, purpose="assistants")
store = client.vector_stores.create(name="fans")
client.vector_stores.files.create(vector_store_id=store.id, file_id=file.id)
deadline = time.monotonic() + 60
while (state := client.vector_stores.files.retrieve(file.id, vector_store_id=store.id).status) == "in_progress":
    assert time.monotonic() < deadline, "ingestion took more than a minute"
assert state == "completed", state
found = client.vector_stores.search(store.id, query="How heavy is the Koala-7 fan?")
assert "12 kg" in found.data[0].content[0].text
client.vector_stores.files.delete(file.id, vector_store_id=store.id)
assert not client.vector_stores.search(store.id, query="How heavy is the Koala-7 fan?").data
client.vector_stores.delete(store.id)
client.files.delete(file.id)

for expected, call in (
        (openai.NotFoundError, lambda: client.chat.completions.create(model="nobody", messages=ask)),
        (openai.AuthenticationError, lambda: openai.OpenAI(base_url=url + "/v1", api_key="gk_wrong",
                                                           max_retries=0).models.list()),
        (openai.BadRequestError, lambda: client.chat.completions.create(model=BASE, messages=[]))):
    try:
        call()
        raise SystemExit(f"{expected.__name__} was not raised")
    except expected as refusal:
        assert set(refusal.body) == {"message", "type", "param", "code"}, refusal.body
print("python client: all calls hold")
