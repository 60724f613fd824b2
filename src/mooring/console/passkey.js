// Buttons for passkeys: asks the server what to ask, the browser to ask it, and sends the answer.
"use strict";

const PLACES = {
  "sign-in": ["/console/auth/passkey/options", "/console/auth/passkey"],
  mfa: ["/console/auth/mfa/options", "/console/auth/mfa/passkey"],
  "step-up": ["/console/auth/passkey/options", "/console/auth/mfa/passkey"],
  register: ["/console/auth/passkeys/options", "/console/auth/passkeys"],
};

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function spelled(buffer) {
  if (!buffer) return null;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function withBytes(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const one of list || []) one.id = bytes(one.id);
  }
  return options;
}

function asJson(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = spelled(credential.response[name]);
  }
  return {
    id: credential.id,
    rawId: spelled(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response,
  };
}

async function answerOf(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message || "The server refused.");
  return answer;
}

async function run(button) {
  const purpose = button.dataset.passkey;
  const [optionsPlace, place] = PLACES[purpose];
  const publicKey = withBytes(await answerOf(await fetch(optionsPlace)));
  const credential = purpose === "register"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const body = { credential: asJson(credential), next: button.dataset.next };
  if (purpose === "register") body.name = `passkey-${Date.now().toString(36)}`;
  const told = await answerOf(await fetch(place, {
    method: "POST",
    headers: { "content-type": "application/json", "x-mooring-csrf": button.dataset.csrf },
    body: JSON.stringify(body),
  }));
  location.assign(told.location || button.dataset.next || "/console/");
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    run(button).catch((error) => {
      document.getElementById("passkey-error").textContent = error.message;
    });
  });
}
