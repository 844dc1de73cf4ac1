# pip install openai
from openai import OpenAI

client = OpenAI(
    base_url="BASE_URL",
    api_key="API_KEY",
)
stream = client.chat.completions.create(
    model="MODEL",
    messages=[{"role": "user", "content": "QUESTION"}],
    stream=True,
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()
