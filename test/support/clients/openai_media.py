"""What programs in Python do with pictures, files, videos and vectors, as JSON for a test to judge."""

import base64
import hashlib
import json
import os
import urllib.request

import openai

job = json.loads(os.environ["JOB"])
client = openai.OpenAI(base_url=job["base_url"], api_key=job["api_key"], max_retries=0)
prompt = job["prompt"]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fetched(url: str) -> str:
    with urllib.request.urlopen(url) as reply:
        return digest(reply.read())


def opened(*names: str):
    return [open(name, "rb") for name in names]


def refusal(call) -> dict:
    try:
        call()
    except openai.APIStatusError as error:
        return {"type": type(error).__name__, "code": error.code, "param": error.param}
    return {}


told = {}

model, count = job["many"]
answer = client.images.generate(model=model, prompt=prompt, n=count, response_format="url")
told["addresses"] = [image.url for image in answer.data]
told["made"] = [fetched(image.url) for image in answer.data]

answer = client.images.generate(model=job["image"], prompt=prompt, response_format="b64_json")
told["whole"] = [digest(base64.b64decode(image.b64_json)) for image in answer.data]

stream = client.images.generate(model=job["image"], prompt=prompt, stream=True, partial_images=2)
told["events"] = [event.type for event in stream]

answer = client.images.edit(
    model=job["edit"], prompt=prompt, image=opened(*job["pictures"]), response_format="url"
)
told["changed"] = [fetched(image.url) for image in answer.data]


def masked():
    (picture, mask) = opened(job["pictures"][1], job["mask"])
    return client.images.edit(model=job["edit"], prompt=prompt, image=picture, mask=mask)


told["masked"] = refusal(masked)

with open(job["text"], "rb") as text:
    file = client.files.create(file=text, purpose="user_data")
told["file"] = file.to_dict()
told["listed"] = [known.id for known in client.files.list()]
told["content"] = client.files.content(file.id).text
told["found"] = client.files.retrieve(file.id).id

chat = client.chat.completions.create(
    model=job["chat"],
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"file_id": file.id}},
                {"type": "text", "text": "What does it say?"},
            ],
        }
    ],
)
told["chat"] = chat.choices[0].message.content
response = client.responses.create(
    model=job["chat"],
    store=False,
    input=[
        {
            "role": "user",
            "content": [
                {"type": "input_file", "file_id": file.id},
                {"type": "input_text", "text": "What does it say?"},
            ],
        }
    ],
)
told["response"] = response.output_text
told["deleted"] = client.files.delete(file.id).deleted
told["gone"] = refusal(lambda: client.files.retrieve(file.id))

if job.get("video"):
    with open(job["pictures"][0], "rb") as picture:
        video = client.videos.create_and_poll(
            model=job["video"], prompt=prompt, seconds="4", input_reference=picture, poll_interval_ms=200
        )
    told["video"] = {
        "status": video.status,
        "progress": video.progress,
        "content": digest(client.videos.download_content(video.id).read()),
        "listed": [known.id for known in client.videos.list()] == [video.id],
        "deleted": client.videos.delete(video.id).deleted,
    }

if job.get("embedding"):
    told["vectors"] = [
        [
            vector.embedding
            for vector in client.embeddings.create(
                model=job["embedding"], input=["moss", "fern"], **form
            ).data
        ]
        for form in ({}, {"encoding_format": "float"})
    ]

print(json.dumps(told))
