// Signs in, searches without accents, and prints who was found and why. Every path, parameter and field below is checked
// by the compiler against the OpenAPI document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const baseUrl = process.env.EXPERT_BANK_URL ?? "http://127.0.0.1:8080";
const username = process.env.EXPERT_BANK_USER ?? "union_officer";
const password = process.env.EXPERT_BANK_PASSWORD ?? "chuyen-gia-demo";
const words = process.argv[2] ?? "lam nghiep";

const api = createClient<paths>({ baseUrl, headers: { "accept-language": "en" } });

/** The data of an answer, or its problem as an error. */
function expect<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.data !== undefined) return answer.data;
  throw new Error(answer.error?.detail ?? answer.error?.title ?? "no answer");
}

const signedIn = expect(await api.POST("/api/v1/auth/login", { body: { username, password } }));
api.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${signedIn.access_token}`);
    return request;
  },
});

const page = expect(await api.GET("/api/v1/experts", { params: { query: { q: words, limit: 5 } } }));
for (const expert of page.items) {
  const name = [expert.title, expert.full_name].filter(Boolean).join(" ");
  console.log(`${name}, ${expert.workplace ?? "no workplace given"}`);
  for (const reason of expert.reasons ?? []) console.log(`    ${reason.in}: ${reason.text}`);
}
console.log(page.next_cursor ? "There are more." : "That is all.");
