"""A headless Chromium, told over a pipe what to do (the DevTools protocol): enough to look at a page. Wants Debian's
chromium and nothing but Python."""
import base64
import json
import os
import subprocess
import tempfile


class Browser:
    """with Browser() as browser: browser.open(path, 400): the page is then as wide as a screen of so many pixels."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="lambert-browser-")
        (there_in, here_out), (here_in, there_out) = os.pipe(), os.pipe()

        def ends():  # Chromium reads descriptor 3 and writes 4; both pairs are moved out of the way first
            first, second = os.dup(there_in), os.dup(there_out)
            high, higher = os.dup2(first, 100), os.dup2(second, 101)
            os.dup2(high, 3)
            os.dup2(higher, 4)
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--no-first-run", f"--user-data-dir={self.folder.name}"],
            preexec_fn=ends, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(there_in)
        os.close(there_out)
        self.out, self.replies = os.fdopen(here_out, "wb", buffering=0), os.fdopen(here_in, "rb")
        self.count, self.session, self.events = 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.out.close()
        self.replies.close()
        self.folder.cleanup()

    def message(self):
        text = bytearray()
        while (byte := self.replies.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("chromium has ended; does `chromium --headless --no-sandbox about:blank` start?")
            text += byte
        return json.loads(text)

    def call(self, method, **params):
        self.count += 1
        request = {"id": self.count, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        self.out.write(json.dumps(request).encode() + b"\0")
        while (reply := self.message()).get("id") != self.count:
            self.events.append(reply)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def open(self, path, width, media="screen", dark=False):
        """Loads the page; complaints() is of what happens from now on."""
        self.events = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        reply = self.call("Page.navigate", url="file://" + os.path.abspath(path))
        if reply.get("errorText"):
            raise RuntimeError(f"{path} cannot be opened: {reply['errorText']}")
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def complaints(self):
        """What the console says, and what the page fetched beside itself."""
        found = []
        for event in self.events:
            what, said = event.get("method"), event.get("params", {})
            if what == "Log.entryAdded":
                found.append(said["entry"]["text"])
            elif what == "Runtime.exceptionThrown":
                found.append(said["exceptionDetails"]["text"])
            elif what == "Runtime.consoleAPICalled":
                found.append(f"console.{said['type']}")
            elif what == "Network.requestWillBeSent" and said.get("type") != "Document" \
                    and not said["request"]["url"].startswith("data:"):
                found.append(f"it fetches {said['request']['url']}")
        return found

    def picture(self, path, top=0, height=None):
        """A PNG of the page, or of so many pixels of it from `top` on."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": top, "width": size["width"], "height": height or size["height"] - top, "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
