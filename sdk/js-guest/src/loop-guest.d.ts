// The modules of `loop-guest`, for editors and type checkers.

declare module "loop-guest/error" {
  /** What an interface refused. */
  export class LoopError extends Error {
    /** The error's name in the WIT: `no-entry`, `too-large`. */
    readonly code: string;
    /** What the WIT gives with it: a limit, a text, or nothing. */
    readonly detail: unknown;
  }
}

/** Records with levels and fields. Nothing here fails. Needs `import loop:core/logging@0.1.0;` in the world. */
declare module "loop-guest/log" {
  export type Level = "trace" | "debug" | "info" | "warn" | "error";
  /** Named values: texts, numbers and booleans as they are, others as a text. Those that are `undefined` are left out. */
  export type Fields = Record<string, unknown>;

  export function trace(message: unknown, fields?: Fields): void;
  export function debug(message: unknown, fields?: Fields): void;
  export function info(message: unknown, fields?: Fields): void;
  export function warn(message: unknown, fields?: Fields): void;
  export function error(message: unknown, fields?: Fields): void;
  export function log(level: Level, message: unknown, fields?: Fields): void;
  /** Whether records of this level go anywhere, so that making an expensive one can be left out. */
  export function enabled(level: Level): boolean;
}

/** Numbers that are collected over time. Needs `import loop:core/metrics@0.1.0;` in the world. */
declare module "loop-guest/metrics" {
  export interface Options {
    /** In UCUM notation: `s`, `By`, `{request}`. */
    unit?: string;
    /** One sentence for a reader. */
    description?: string;
    /** What tells the series of a metric from each other. Few different values: an HTTP method, not a user's name. */
    labels?: Record<string, string | number | boolean>;
  }
  export interface Counter {
    /** Adds to the total: 1, or another whole number. */
    add(amount?: number): void;
  }
  export interface Gauge {
    set(level: number): void;
    /** Raises the level, or lowers it with a negative amount. */
    add(amount: number): void;
  }
  export interface Histogram {
    /** Counts one measurement, in the metric's unit. */
    record(measurement: number): void;
  }

  /** Opens a series: the same one for the same name and labels. Throws a `LoopError`: `invalid-name`, `invalid-unit`, `invalid-label`, `too-many-labels`, `too-many-metrics`, `conflict`. */
  export function counter(name: string, options?: Options): Counter;
  /** As `counter`. */
  export function gauge(name: string, options?: Options): Gauge;
  /** As `counter`; also `invalid-bounds`. `bounds` are the upper ends of the buckets, rising; without them they suit seconds of a person's waiting. */
  export function histogram(name: string, options?: Options & { bounds?: Iterable<number> }): Histogram;
}

/** Clocks, timers and sleeping. All times are in milliseconds. Needs `import loop:core/clocks@0.1.0;` in the world. */
declare module "loop-guest/time" {
  /** The monotonic clock, since a start that says nothing outside of this instance. */
  export function now(): number;
  /** The date and time. */
  export function wall(): Date;
  /** Blocks for this long. Throws a `LoopError` with the code `cancelled` if the call is cancelled meanwhile. */
  export function sleep(milliseconds: number): void;
  /** Something that fires later. Disposing of it stops it. */
  export class Timer {
    private constructor();
    /** Fires once, after this time. Throws a `LoopError`: `too-many`. */
    static after(milliseconds: number): Timer;
    /** Fires each time this much has passed, without drifting. Throws a `LoopError`: `period-too-short` (under 1 ms), `too-many`. */
    static every(milliseconds: number): Timer;
    /** Whether it has fired and the event has not been taken. */
    readonly ready: boolean;
    /** Takes what has happened: how often it has fired since it was last asked, or 0. */
    take(): number;
    /** Blocks until it has fired, then does as `take`. Throws a `LoopError`: `timed-out`, `cancelled`, `nothing-to-wait-for`. */
    wait(timeout?: number): number;
    /** Stops it. What it has fired before can still be taken. */
    stop(): void;
    [Symbol.dispose](): void;
  }
}

/** Secure random bytes, and streams that can be played again. Needs `import loop:core/randomness@0.1.0;` in the world. */
declare module "loop-guest/random" {
  /** Secure random bytes, at most 65,536 at once: else a `LoopError` with the code `too-many`. */
  export function bytes(count: number): Uint8Array;
  /** A stream that is the same whenever it starts from the same seed. Not for secrets. */
  export class Rng {
    private constructor();
    /** A stream of one's own, from a whole number. */
    static seeded(seed: number): Rng;
    /** A stream of this run. Different names give independent streams. */
    static named(name: string): Rng;
    /** The next number from 0 up to and without 1. */
    fraction(): number;
    /** The next whole number below `bound`, all equally likely; 0 if `bound` is 0. */
    below(bound: number): number;
    /** The next bytes, at most 65,536 at once: else a `LoopError` with the code `too-many`. */
    bytes(count: number): Uint8Array;
    [Symbol.dispose](): void;
  }
}

/**
 * Files in the folders that the component is granted. Needs `import loop:fsx/files@0.1.0;` in the world.
 *
 * Paths are relative to a root, with `/` between the parts. What fails throws a `LoopError` with a code of WASI
 * (`no-entry`, `access`, `not-permitted`, `is-directory`, …), or `too-large`, `invalid-pattern`, `too-many`.
 */
declare module "loop-guest/fsx" {
  export type Kind = "regular-file" | "directory" | "symbolic-link" | "block-device" | "character-device" | "fifo" | "socket" | "unknown";
  export type Algorithm = "blake3" | "sha256";
  export interface Info {
    kind: Kind;
    /** In bytes; 0 of what is no regular file. */
    size: number;
    /** When its content was last changed, where the file system knows. */
    modified: Date | undefined;
  }
  export interface Entry {
    /** Relative to the root. */
    path: string;
    kind: Kind;
  }
  /** Something that happened in a watched folder. */
  export interface Event {
    /**
     * `changed`: something was made or put at this path, or a file has other content. `removed`: what was there is gone. `overflow`: more has happened
     * than was kept, so look at all of it. `gone`: the watched folder itself was removed or moved, and `back`: there is one again.
     */
    kind: "changed" | "removed" | "overflow" | "gone" | "back";
    /** Of `changed` and `removed`: relative to the root. */
    path: string | undefined;
  }
  /** A watched folder: its events by a `for`, which ends only where it is left. Disposing of it ends the watch. */
  export interface Watch extends Iterable<Event> {
    /**
     * The next events: what a program does in one go comes at once. Blocks until there are some; with a timeout in milliseconds it may give none, and may
     * come back earlier.
     */
    next(timeout?: number): Event[];
    [Symbol.dispose](): void;
  }
  export interface Root {
    /** Whether it may be changed. */
    readonly writable: boolean;
    /** What is at a path. A link is not followed. */
    stat(path: string): Info;
    /** A whole file, of at most 16 MiB: else `too-large`. */
    readBytes(path: string): Uint8Array;
    /** A part of a file, of at most 16 MiB: fewer bytes at its end. */
    readRange(path: string, offset: number, length: number): Uint8Array;
    /** As `readBytes`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8. */
    readText(path: string): string;
    /** Makes or replaces a file: others see the old content or the new one, never a part, also after a loss of power. */
    writeBytes(path: string, bytes: Uint8Array): void;
    /** As `writeBytes`, in UTF-8. */
    writeText(path: string, content: string): void;
    /** Makes a folder, and those above it. Does nothing if it is there. */
    createFolder(path: string): void;
    /** What matches a pattern such as `notes/*.md`, found while it is asked for. The docs of `glob` in the WIT say what a pattern is. */
    glob(pattern: string): Generator<Entry, void, void>;
    /** Watches a folder from now on, whoever changes something there: all that is below it, or its entries. */
    watch(path?: string, reach?: "tree" | "folder"): Watch;
    /** The digest of a file, in hexadecimal digits. `blake3` unless said otherwise. */
    digest(path: string, algorithm?: Algorithm): string;
    /** The digest of a folder with all that is below it. */
    digestTree(path?: string, algorithm?: Algorithm): string;
    [Symbol.dispose](): void;
  }
  /** Opens the folder that is granted under this name. Fails with `access` if none is. */
  export function open(name: string): Root;
}

/**
 * Requests over HTTP. Needs `import wasi:http/outgoing-handler@0.2.12;` in the world, and the URL among the grants, under `net.http`.
 *
 * A response with an error's status is a response, and so is a redirect: none is followed. Nothing is decompressed. The host keeps
 * connections and uses them again. What fails throws a `LoopError` with the name that the error has in `wasi:http`, in small letters:
 * `http-request-denied` without a grant, `dns-error`, `connection-refused`, `connection-timeout`, …
 */
declare module "loop-guest/http" {
  /** Headers as they are passed: an object, or pairs where a name comes more than once. */
  export type HeadersGiven = Record<string, string> | Iterable<readonly [string, string]>;
  /** Headers that came, as pairs. Names are found however they are written. */
  export interface Headers extends Iterable<[string, string]> {
    /** The values of a name, joined by `, `; `null` without one. */
    get(name: string): string | null;
    getAll(name: string): string[];
    has(name: string): boolean;
  }
  export interface Options {
    /** `GET` without one. */
    method?: string;
    headers?: HeadersGiven;
    /** A text, bytes, or an iterable of bytes, whose parts are sent as they come. */
    body?: string | Uint8Array | Iterable<Uint8Array>;
    /** A value that is sent as JSON instead of a body. */
    json?: unknown;
    /** The longest time in milliseconds until there is a connection. The host has half a minute. */
    connectTimeout?: number;
    /** The same until the first byte of the response. The host has a minute. */
    responseTimeout?: number;
    /** The same between two bytes of the response. The host has a minute. */
    silenceTimeout?: number;
  }
  export interface Limit {
    /** How many bytes a body may have: 16 MiB without it. */
    limit?: number;
  }
  /**
   * What a server answered. Its body is read once: all of it by `bytes`, `text` or `json`, or in parts by a `for`, which gives the rest up
   * where it is left early. One that is not read keeps its connection until it is closed.
   */
  export interface Response extends Iterable<Uint8Array> {
    /** `200` and the like. */
    readonly status: number;
    /** Whether the status is one from 200 to 299. */
    readonly ok: boolean;
    readonly headers: Headers;
    /** The body. Fails with `too-large` beyond the limit. */
    bytes(options?: Limit): Uint8Array;
    /** As `bytes`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8. */
    text(options?: Limit): string;
    /** As `text`, as the value that it has in JSON. Throws a `SyntaxError` if it is none. */
    json(options?: Limit): any;
    /** Gives up what is left of the body. Does nothing if it was read to its end. */
    close(): void;
    [Symbol.dispose](): void;
  }
  /**
   * Sends a request, and blocks until its response begins. If that is before all of the request was sent, the rest is sent while the
   * response is read.
   */
  export function fetch(url: string, options?: Options): Response;
}

/**
 * Names and their addresses. Needs `import loop:netx/dns@0.1.0;` in the world, and the name among the grants, under `net.lookup`, `net.connect` or
 * `net.http`.
 */
declare module "loop-guest/dns" {
  export interface Options {
    /** The longest time in milliseconds: 10 s without one, and at most. */
    timeout?: number;
  }
  /**
   * The addresses of a name, the preferred one first: `192.0.2.1`, `2001:db8::1`. Blocks until they are known. That one came does not say that it may be
   * connected to. Throws a `LoopError`: `denied`, `invalid`, `unresolved`, `timed-out`.
   */
  export function resolve(name: string, options?: Options): string[];
}

/**
 * Keys and values that outlive the component. Needs `import wasi:keyvalue/store@0.2.0-draft2;` and `import wasi:keyvalue/atomics@0.2.0-draft2;` in the
 * world; the app says under `provide` who keeps them. What fails throws a `LoopError`: `no-such-store`, `access-denied`, or `other` with the provider's
 * words as its detail. The limits are those of the provider.
 */
declare module "loop-guest/keyvalue" {
  /** Keys and values that are opened by one name. Disposing of it closes nothing but the handle. */
  export interface Bucket {
    /** The value of a key; nothing if it is not there. */
    getBytes(key: string): Uint8Array | undefined;
    /** As `getBytes`, as a text. Fails with `illegal-byte-sequence` if it is not UTF-8. */
    getText(key: string): string | undefined;
    /** Sets the value of a key: bytes, or a text in UTF-8. */
    set(key: string, value: string | Uint8Array): void;
    /** Removes a key, if it is there. */
    delete(key: string): void;
    /** Whether a key is there. */
    has(key: string): boolean;
    /** All keys, page by page as they are asked for. */
    keys(): Generator<string, void, void>;
    /**
     * Adds to a number, 1 without another, as one step: nobody else's is lost. A key that is not there counts from 0. Gives the sum, which is kept as
     * decimal text.
     */
    increment(key: string, by?: number): number;
    [Symbol.dispose](): void;
  }
  /** Opens a bucket, which has no entries if it was never opened before. */
  export function open(name: string): Bucket;
}

/**
 * Programs of the host's machine, for trusted components. Needs `import loop:process/children@0.1.0;` in the world, and the program among the grants, under
 * `process`.
 */
declare module "loop-guest/process" {
  export interface Options {
    /** Variables of its own, which must be granted with the program. It gets no others. */
    env?: Record<string, string>;
    /** Variables of the host that are passed on, which must be granted under `env`. */
    inherit?: Iterable<string>;
    /** Where it starts: a folder that is granted under this name, or one below it. Without one it is `/`. */
    folder?: string | { root: string; path?: string };
    /** What it reads. */
    input?: string | Uint8Array;
    /** The longest time in milliseconds that it may take. As long as the call without one. */
    timeout?: number;
  }
  /** What a program did that ran to its end. */
  export interface Finished {
    /** With which code it ended, if by itself. */
    readonly code: number | undefined;
    /** By which signal it was ended, if by one: 9 is `SIGKILL`. */
    readonly signal: number | undefined;
    /** Whether it ended by itself with the code 0. */
    readonly ok: boolean;
    /** All that it wrote to its standard output. */
    readonly stdout: Uint8Array;
    /** All that it wrote to its standard error. */
    readonly stderr: Uint8Array;
    /** `stdout` as a text; what is not UTF-8 is replaced. */
    text(): string;
    /** The same of `stderr`. */
    errors(): string;
  }
  /**
   * Runs a program to its end, and collects what it writes: at most 16 MiB. Throws a `LoopError`: `denied`, `not-found`, `invalid`, `timed-out`,
   * `too-large`, `too-many`, or what the system says, as `no-entry`. That it ends with another code than 0 is no error.
   */
  export function run(program: string, args?: Iterable<string>, options?: Options): Finished;
}

/**
 * WebSockets. Needs `import loop:netx/websocket@0.1.0;` in the world. Connecting needs the URL among the grants, under `net.http`; being
 * connected to needs the address under `net.listen`, and `export loop:netx/websocket-handler@0.1.0;`.
 *
 * A message has at most 1 MiB. The host says when to ping, and answers pings.
 */
declare module "loop-guest/websocket" {
  import type { Headers, HeadersGiven } from "loop-guest/http";
  export type Message = string | Uint8Array;
  export interface Closing {
    /** As RFC 6455 has it: 1000 is the usual end, 1005 stands for no code, 1006 for a connection that broke off. */
    code: number;
    /** What was said of it; often nothing. */
    reason: string;
  }
  export interface Options {
    /** Subprotocols that are offered, the preferred one first. */
    protocols?: Iterable<string>;
    /** Further headers of the request. */
    headers?: HeadersGiven;
    /** The longest time in milliseconds until the connection is open: 30 s without one. */
    timeout?: number;
  }
  /** A connection, and its messages until it ends. Disposing of it closes it with code 1000, after what was sent before. */
  export class Connection implements Iterable<Message> {
    private constructor();
    /** A number that no other connection of this instance has or had. */
    readonly id: number;
    /** The subprotocol that both sides agreed on, if they did. */
    readonly protocol: string | undefined;
    /** How many bytes are queued, 64 for each message included. */
    readonly queued: number;
    /** How it ended, once that is known. */
    readonly closing: Closing | undefined;
    /** Sends a message after those sent before. Does not block. Throws a `LoopError`: `closed`, `too-large`, `full`. */
    send(message: Message): void;
    /** Blocks until nothing is queued, or the connection has ended. Throws a `LoopError` with the code `timed-out`. */
    flush(timeout?: number): void;
    /**
     * Blocks until a message comes, and gives it; or nothing once the connection has ended, which `closing` then tells of. Without a
     * timeout it waits as long as the call may take. Throws a `LoopError`: `timed-out`, having taken nothing, and `handled` for a
     * connection of `serve`.
     */
    receive(timeout?: number): Message | undefined;
    /** Closes it, after what was sent before. Does not block: `receive` tells when the other side has agreed. */
    close(code?: number, reason?: string): void;
    [Symbol.iterator](): Iterator<Message>;
    [Symbol.dispose](): void;
  }
  /**
   * Connects to a URL of `ws` or `wss`. Blocks until the connection is open or cannot be. Throws a `LoopError`: `denied`, `unresolved`,
   * `unreachable`, `timed-out`, `untrusted`, `refused` with the status as its detail, `protocol`, `invalid`, `too-many`.
   */
  export function connect(url: string, options?: Options): Connection;
  /**
   * Blocks until `receive` would give something at once on at least one of these connections, and gives all such. Throws a `LoopError`:
   * `timed-out`, and `handled` without a connection.
   */
  export function first(connections: Iterable<Connection>, timeout?: number): Connection[];
  /** Has `woken` called once, after this time in milliseconds. What was asked before is forgotten. */
  export function wake(after: number): void;

  /** A request to connect. */
  export interface Request {
    /** The path and the query: `/chat?room=1`. */
    target: string;
    /** A browser says in `origin` of which site the page is that connects: whoever relies on cookies has to look at it. */
    headers: Headers;
    /** The subprotocols that are offered, the preferred one first. */
    protocols: string[];
    /** That of the other side: `192.0.2.1:50000`. */
    address: string;
  }
  /** Thrown by `opened` to refuse a connection, with an HTTP status from 400 to 599 (403 without one) and a text. */
  export class Refused extends Error {
    constructor(status?: number, reason?: string);
    readonly status: number;
    readonly reason: string;
  }
  /** Those who are connected, the longest connected first. */
  export interface Peers extends Iterable<Connection> {
    readonly size: number;
    get(id: number): Connection | undefined;
    /**
     * Sends a message to all of them. Who reads too slowly is disconnected, with code 1008, and who is going away is left out. Throws a
     * `LoopError` with the code `too-large`, and nobody gets it.
     */
    sendAll(message: Message): void;
  }
  /** What happens on connections of others. One function is called at a time, and all in the one instance that the component has. */
  export interface Handler {
    /**
     * Somebody wants to connect, and already is among the peers: what is sent here is delivered first. Gives the subprotocol, one of those
     * that the request offers, if it is to be one. Throws `Refused` to refuse.
     */
    opened?(peer: Connection, request: Request, peers: Peers): string | undefined | void;
    /** A message came. The other side is held up until the return. */
    received?(peer: Connection, message: Message, peers: Peers): void;
    /** A connection has ended, whoever ended it, and is no longer among the peers. */
    closed?(peer: Connection, closing: Closing, peers: Peers): void;
    /** The time asked for by `wake` is over. */
    woken?(peers: Peers): void;
  }
  /** Makes what the component exports as `websocketHandler`. */
  export function serve(handler: Handler): any;
}
