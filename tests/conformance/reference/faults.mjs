// Faulty variants of the reference server: what each does wrong, and cases that must notice it.
export const faults = {
  // The handshake.
  "accept-in-lower-case": ["handshake/sample-key-of-the-rfc", "version-7/sample-key"],
  "wrong-guid": ["handshake/another-key", "version-4/sample-key", "framing/text-of-1-bytes"],
  "accepts-any-version": ["handshake/version-14-is-not-known", "handshake/version-leading-zero", "handshake/version-twice"],
  "refuses-without-a-list": ["handshake/version-25-is-not-known", "handshake/refusal-lists-exactly-6-versions"],
  "accepts-any-key": ["handshake/key-missing", "handshake/key-of-15-bytes", "handshake/key-not-base64", "version-6/key-missing"],
  "accepts-two-keys": ["handshake/key-twice-the-same", "version-8/key-twice"],
  "accepts-any-method": ["handshake/method-POST"],
  "accepts-http-1.0": ["handshake/http-1.0"],
  "accepts-any-connection": ["handshake/connection-missing", "handshake/connection-longer-token"],
  "compares-connection-as-a-whole": ["handshake/connection-as-firefox-sends-it", "handshake/connection-over-two-lines"],
  "accepts-a-body": ["handshake/body-of-5-bytes", "handshake/body-chunked"],
  "accepts-bad-extensions": ["handshake/extension-list-open-quote", "handshake/extension-list-empty", "deflate-negotiation/malformed-two-words"],
  "accepts-bad-subprotocols": ["handshake/subprotocol-twice", "handshake/subprotocol-with-a-slash"],
  "chooses-a-subprotocol-nobody-offered": ["handshake/subprotocol-one", "framing/text-of-0-bytes"],
  "answers-an-extension-nobody-offered": ["framing/text-of-0-bytes", "deflate-negotiation/not-offered", "version-8/sample-key"],

  // Frames.
  "accepts-unmasked-frames": ["framing/unmasked-text", "framing/unmasked-close", "framing/unmasked-continuation", "version-7/unmasked-text"],
  "accepts-reserved-bits": ["reserved/rsv-1-in-text", "reserved/rsv-4-in-ping", "reserved/rsv-2-in-a-continuation", "version-5/rsv4"],
  "accepts-reserved-opcodes": ["opcodes/reserved-3", "opcodes/reserved-15", "version-2/reserved-opcode-6", "version-8/reserved-opcode-11"],
  "accepts-longer-lengths-than-needed": ["framing/length-125-in-16-bits", "framing/length-65535-in-64-bits"],
  "accepts-fragmented-control-frames": ["control/ping-not-final", "control/close-not-final", "version-1/ping-not-final"],
  "accepts-long-control-frames": ["control/ping-of-126-bytes", "control/pong-of-65536-bytes", "version-6/ping-of-126-bytes"],
  "accepts-a-continuation-of-nothing": ["fragmentation/continuation-of-nothing-final", "version-4/continuation-of-nothing"],
  "accepts-a-message-inside-a-message": ["fragmentation/text-inside-a-message", "version-5/binary-inside-a-message"],
  "mask-begins-anew-with-each-read": ["framing/mask-carries-over-a-cut-after-9", "framing/text-of-1000-bytes-byte-by-byte", "version-6/messages-in-pieces-of-3"],
  "masks-its-frames": ["framing/text-of-1-bytes", "version-7/text-of-1-bytes"],
  "sends-longer-lengths-than-needed": ["framing/text-of-1-bytes"],
  "sends-reserved-bits": ["framing/binary-of-7-bytes"],

  // Messages.
  "silent": ["framing/text-of-1-bytes", "control/ping-of-1-bytes", "close/code-1000", "version-75/vector-hello"],
  "changes-a-byte": ["framing/all-byte-values", "sizes/binary-of-128-kib-in-pieces-of-997", "deflate/noise-of-1000-bytes"],
  "drops-empty-messages": ["framing/text-of-0-bytes", "fragmentation/empty-fragments-only", "deflate/empty-message-as-00"],
  "echoes-text-as-binary": ["framing/sample-text-of-the-rfc"],
  "ignores-the-limit": ["limits/binary-of-one-more", "limits/fragments-of-one-more", "version-76/text-of-one-more-than-the-limit"],
  "notices-the-limit-late": ["limits/text-of-one-more-is-noticed-before-the-payload-is-there", "limits/fragments-of-one-more-that-do-not-end"],

  // UTF-8.
  "no-utf8-check": ["utf8/fail-fast-ff-in-a-fragment", "utf8/fail-fast-c0-in-a-frame-of-which-the-rest-never-comes"],
  "checks-utf8-at-the-end": ["utf8/fail-fast-ff-in-a-frame-of-which-the-rest-never-comes", "utf8/fail-fast-surrogate-first-in-a-fragment",
                             "utf8/fail-fast-over-a-fragment-border-overlong"],
  "checks-utf8-per-fragment": ["utf8/valid-emoji-in-fragments-of-one-byte", "utf8/characters-over-fragments-with-pings"],
  "accepts-surrogates": ["utf8/fail-fast-surrogate-first-in-a-fragment", "utf8/fail-fast-surrogate-last-in-a-frame-of-which-the-rest-never-comes"],
  "accepts-overlong-characters": ["utf8/fail-fast-c0-in-a-fragment", "utf8/fail-fast-overlong-3-in-a-fragment", "utf8/fail-fast-overlong-4-last-in-a-fragment"],
  "accepts-text-that-ends-inside-a-character": ["utf8/ends-inside-a-character-3-of-4", "utf8/ends-inside-a-character-1-of-2-in-fragments"],
  "no-utf8-check-of-compressed-text": ["deflate-errors/not-utf8-ff", "deflate-errors/not-utf8-far-behind"],

  // Ping and pong.
  "wrong-pong": ["control/ping-of-64-bytes"],
  "pong-without-payload": ["control/ping-of-125-bytes", "framing/text-of-1-bytes"],
  "answers-no-pings": ["control/two-pings-one-after-the-other", "framing/text-of-1-bytes"],
  "answers-pings-behind-the-message": ["fragmentation/ping-between-fragments-is-answered-at-once-4", "version-5/ping-between-fragments"],
  "fails-unsolicited-pongs": ["control/unsolicited-pong-empty", "fragmentation/pong-between-fragments"],

  // Closing.
  "no-close-answer": ["close/code-1000", "framing/text-of-1-bytes", "version-76/close", "version-1/close-empty"],
  "answers-every-close-with-1000": ["close/code-3999", "close/code-1001"],
  "never-ends-tcp": ["close/code-1000", "framing/unmasked-text"],
  "ends-tcp-without-a-close": ["framing/unmasked-text", "utf8/invalid-ff"],
  "closes-1000-on-errors": ["opcodes/reserved-3", "utf8/invalid-ff", "limits/text-of-one-more"],
  "echoes-after-close": ["close/ignored-after-it-text", "close/ignored-after-it-ping", "version-76/nothing-is-answered-after-a-close"],
  "accepts-bad-close-codes": ["close/bad-code-0", "close/bad-code-1005", "close/bad-code-2999", "close/bad-code-65535"],
  "refuses-private-close-codes": ["close/code-3000", "close/code-4999"],
  "accepts-a-close-body-of-one-byte": ["close/body-of-one-byte-03", "version-7/close-with-a-body-of-one-byte"],
  "accepts-bad-close-reasons": ["close/reason-not-utf8-ff", "close/reason-not-utf8-2-of-3"],

  // Compression.
  "keeps-context-against-the-agreement": ["deflate-windows/server-forgets-when-asked-1500", "deflate-windows/flags-server-fresh"],
  "does-not-repeat-the-server-flag": ["deflate-windows/server-forgets-when-asked-100"],
  "ignores-the-window": ["deflate-windows/server-window-9", "deflate-windows/server-window-14", "deflate-windows/server-window-11-over-messages", "deflate-windows/server-window-8"],
  "limits-the-client-unasked": ["deflate-windows/without-a-hint-the-client-uses-32-kib"],
  "accepts-unknown-parameters": ["deflate-negotiation/declined-unknown-parameter"],
  "accepts-duplicate-parameters": ["deflate-negotiation/declined-server-window-twice", "deflate-negotiation/declined-client-flag-twice"],
  "accepts-any-window": ["deflate-negotiation/declined-server-window-7", "deflate-negotiation/declined-client-window-16", "deflate-negotiation/declined-server-window-leading-zero"],
  "accepts-rsv1-in-continuations": ["deflate-errors/rsv1-in-a-continuation", "deflate-errors/rsv1-in-a-continuation-of-a-compressed-message"],
  "accepts-rsv1-in-control-frames": ["deflate-errors/rsv1-in-a-ping", "deflate-errors/rsv1-in-a-close"],
  "forgets-rsv1": ["deflate/text-of-1000-bytes"],
  "forgets-the-client's-context": ["deflate/the-same-message-2-times", "deflate/messages-that-refer-to-earlier-ones"],
  "inflates-beyond-the-limit": ["deflate-errors/text-that-inflates-to-one-more-than-the-limit", "deflate-errors/bomb-of-20000000-more"],
  "does-not-go-on-after-bfinal": ["deflate/sample-with-bfinal", "deflate/bfinal-in-the-middle-of-500-bytes"],
  "bad-deflate-data-is-1002": ["deflate-errors/bad-data-block-type-3"],

  // Old versions.
  "wrong-md5": ["version-76/challenge-second", "version-76/answer-byte-for-byte", "version-2/answer-byte-for-byte"],
  "another-order-of-fields": ["version-76/answer-byte-for-byte", "version-75/answer-byte-for-byte", "version-1/text-of-1-bytes"],
  "location-with-a-slash": ["version-75/answer-byte-for-byte", "version-76/text-of-1-bytes"],
  "head-waits-for-key3": ["version-76/head-comes-before-key3", "version-1/key3-after-the-head"],
  "collapses-spaces-in-keys": ["version-76/challenge-second", "version-76/answer-byte-for-byte"],
  "accepts-bad-hixie-keys": ["version-76/bad-key-without-a-space", "version-76/bad-key-not-divisible", "version-76/bad-key-over-32-bits"],
  "delivers-length-frames": ["version-75/dropped-length-frame", "version-76/dropped-empty-length-frame"],
  "delivers-unknown-frames": ["version-75/dropped-frame-of-type-01", "version-76/dropped-frames-byte-by-byte"],
  "closes-75-at-ff-00": ["version-75/dropped-ff-00"],
  "forgets-the-end-byte": ["version-75/vector-hello", "version-76/vector-two"],
  "no-nonce": ["version-4/sample-key"],
  "nonce-in-version-5": ["version-5/sample-key"],
  "masks-with-the-connection-key": ["version-4/text-of-1-bytes", "version-4/mask-ffffffff"],
  "reads-more-as-fin": ["version-1/vector-fragments", "version-2/text-of-1-bytes"],
  "forgets-the-close-body": ["version-2/close-with-a-body", "version-4/close-with-any-bytes", "version-5/close-with-a-body"],
  "forgets-the-close-mark": ["version-5/close-with-the-mark"],
  "fails-bad-utf8-in-old-versions": ["version-7/bad-bytes-are-replaced-ff", "version-1/bad-bytes-are-replaced-lone-80"],
  "new-codes-in-old-versions": ["version-6/message-of-one-more-than-the-limit", "version-8/message-of-one-more-than-the-limit"],
};

// Crude ones: between them every case must fail, or it would show nothing.
export const crude = ["opens-everything", "refuses-everything", "silent"];
