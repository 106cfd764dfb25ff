// Swagger UI with a sign-in bar: the token is put into every request and renewed before it expires. It stays in this
// page's memory only; closing the page forgets it. The browser keeps the device token of each user name, which opens nothing.
"use strict";

const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: "list",
  presets: [SwaggerUIBundle.presets.apis],
});

const form = document.getElementById("sign-in");
const fields = form.querySelector(".fields");
const signedIn = form.querySelector(".signed-in");
const message = document.getElementById("message");
let session = null;
let timer = null;

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json", "Accept-Language": navigator.language };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(`/api/v1${path}`, { method: "POST", headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error((answer && (answer.detail || answer.title)) || response.statusText);
  return answer;
}

function use(tokens) {
  session = tokens;
  ui.preauthorizeApiKey("session", tokens.access_token);
  clearTimeout(timer);
  timer = setTimeout(renew, Math.max(5, tokens.expires_in - 60) * 1000);
}

async function renew() {
  try {
    use(await post("/auth/refresh", { refresh_token: session.refresh_token }));
  } catch (error) {
    forget(error.message);
  }
}

function forget(text) {
  session = null;
  clearTimeout(timer);
  ui.authActions.logout(["session"]);
  fields.hidden = false;
  signedIn.hidden = true;
  message.textContent = text;
}

const deviceKey = (username) => `device:${username.trim().toLowerCase()}`;

// a browser may forbid it; then this stays a device that was never seen before
function storedDevice(username) {
  try { return localStorage.getItem(deviceKey(username)); } catch { return null; }
}

function storeDevice(username, token) {
  try { localStorage.setItem(deviceKey(username), token); } catch { /* see above */ }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const username = form.elements.username.value;
  message.textContent = "";
  try {
    const password = form.elements.password.value;
    const tokens = await post("/auth/login", { username, password, device_token: storedDevice(username) });
    storeDevice(username, tokens.device_token);
    use(tokens);
    form.elements.password.value = "";
    document.getElementById("who").textContent = username;
    fields.hidden = true;
    signedIn.hidden = false;
  } catch (error) {
    message.textContent = error.message;
  }
});

document.getElementById("sign-out").addEventListener("click", async () => {
  const token = session && session.access_token;
  forget("");
  if (token) await post("/auth/logout", null, token).catch((error) => { message.textContent = error.message; });
});
