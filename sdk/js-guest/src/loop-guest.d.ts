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
    /** The digest of a file, in hexadecimal digits. `blake3` unless said otherwise. */
    digest(path: string, algorithm?: Algorithm): string;
    /** The digest of a folder with all that is below it. */
    digestTree(path?: string, algorithm?: Algorithm): string;
    [Symbol.dispose](): void;
  }
  /** Opens the folder that is granted under this name. Fails with `access` if none is. */
  export function open(name: string): Root;
}
