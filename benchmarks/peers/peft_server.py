"""transformers + PEFT as a server, for ./graft bench: POST /v1/completions {"prompt": [ids], "max_tokens", "adapter"}.

Requests that wait when a batch ends are generated together as the next static batch, rows of different adapters side by
side (PEFT's adapter_names). An answer is sent whole, as one event. POST /load {"folder"} adds an adapter and returns its
number. usage: peft_server.py PORT MODEL.gguf [ADAPTER...]; needs torch, transformers, peft and gguf.
"""
import http.server
import json
import os
import queue
import sys
import threading

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

BATCH = 16
waiting = queue.Queue()


class Job:
    def __init__(self, prompt, tokens, adapter):
        self.prompt, self.tokens, self.adapter = prompt, tokens, adapter
        self.ids, self.error, self.done = [], None, threading.Event()


def load(port_model_adapters):
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    folder, file = os.path.split(port_model_adapters[0])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16)
    adapters = port_model_adapters[1:]
    if not adapters:
        return model.eval()
    peft = PeftModel.from_pretrained(model, adapters[0], adapter_name="0")
    for number, adapter in enumerate(adapters[1:], 1):
        peft.load_adapter(adapter, adapter_name=str(number))
    return peft.eval()


def generate(model, jobs):
    longest = max(len(job.prompt) for job in jobs)
    ids = torch.tensor([[0] * (longest - len(job.prompt)) + job.prompt for job in jobs])
    mask = torch.tensor([[0] * (longest - len(job.prompt)) + [1] * len(job.prompt) for job in jobs])
    tokens = max(job.tokens for job in jobs)
    extra = {}
    if isinstance(model, PeftModel):
        extra["adapter_names"] = [str(job.adapter) if job.adapter >= 0 else "__base__" for job in jobs]
    with torch.inference_mode():
        out = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=tokens,
                             min_new_tokens=tokens, pad_token_id=0, use_cache=True, **extra)
    for job, row in zip(jobs, out.tolist()):
        job.ids = row[longest:longest + job.tokens]


def work(model):
    while True:
        jobs = [waiting.get()]
        try:
            while len(jobs) < BATCH:  # those sent together arrive within milliseconds of each other
                jobs.append(waiting.get(timeout=0.01))
        except queue.Empty:
            pass
        try:
            generate(model, jobs)
        except Exception as error:  # told to those who asked; the server goes on
            for job in jobs:
                job.error = repr(error)
        for job in jobs:
            job.done.set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = None
    loading = threading.Lock()

    def log_message(self, *arguments):
        pass

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, "application/json", b'{"status":"ok"}')

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/load":
            with self.loading:
                number = str(len(self.model.peft_config))
                self.model.load_adapter(asked["folder"], adapter_name=number)
            return self.reply(200, "application/json", json.dumps({"adapter": int(number)}).encode())
        job = Job(asked["prompt"], asked["max_tokens"], asked["adapter"])
        waiting.put(job)
        job.done.wait()
        if job.error:
            return self.reply(500, "text/plain", job.error.encode())
        chunk = {"choices": [{"index": 0, "text": "", "graft": {"token_ids": job.ids}, "finish_reason": None}]}
        self.reply(200, "text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64


if __name__ == "__main__":
    Handler.model = load(sys.argv[2:])
    threading.Thread(target=work, args=(Handler.model,), daemon=True).start()
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
