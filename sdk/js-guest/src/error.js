// The class of all that the modules throw for what an interface refuses.
export { LoopError } from "./internal/attempt.js";
