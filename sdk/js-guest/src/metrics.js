// Counters, gauges and histograms.
import { Counter, Gauge, Histogram } from "loop:core/metrics@0.1.0";
import { number, shown, text, whole } from "./internal/check.js";
import { attempt } from "./internal/attempt.js";

export function counter(name, options) {
  const series = open(name, options, (metric, labels) => Counter.open(metric, labels));
  return { add: (amount = 1) => series.add(LOOP_INTEGER(whole("amount", amount))) };
}

export function gauge(name, options) {
  const series = open(name, options, (metric, labels) => Gauge.open(metric, labels));
  return {
    set: (level) => series.set(number("level", level)),
    add: (amount) => series.add(number("amount", amount)),
  };
}

export function histogram(name, options) {
  const bounds = [...(options?.bounds ?? [])].map((bound) => number("a bound", bound));
  const series = open(name, options, (metric, labels) => Histogram.open(metric, labels, bounds));
  return { record: (measurement) => series.record(number("measurement", measurement)) };
}

function open(name, { unit = "", description = "", labels = {} } = {}, work) {
  const metric = { name: text("name", name), unit: text("unit", unit), description: text("description", description) };
  const pairs = Object.entries(labels).map(([key, value]) => ({ key: text("a label", key), value: shown(value) }));
  return attempt(`open the metric ${name}`, () => work(metric, pairs));
}
