// Reads .eml files with mailparser and prints what it found, as one JSON document.
// In: file names on stdin, one a line. Out: [{file, subject, from, to, replyTo, messageId, text, html, links, headers, parts}]
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { simpleParser } from "mailparser";

const letters = [];
for await (const file of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(readFileSync(file), { skipImageLinks: true, skipTextToHtml: true });
  const people = (field) => (field ? field.value.map(({ name, address }) => ({ name, address })) : []);
  letters.push({
    file,
    subject: mail.subject ?? "",
    from: people(mail.from),
    to: people(mail.to),
    replyTo: people(mail.replyTo),
    messageId: mail.messageId ?? "",
    date: mail.date ? mail.date.toISOString() : "",
    text: mail.text ?? "",
    html: mail.html || "",
    list: mail.headers.get("list") ?? null,
    attachments: mail.attachments.map(({ contentType, filename, content }) => ({
      contentType,
      filename: filename ?? "",
      content: content.toString("utf8"),
    })),
  });
}
process.stdout.write(JSON.stringify(letters));
