/** One end of a JavaScript function-call test: asks the other end, answers it, keeps the objects behind handles. */
import { Decoder, Encoder, ProtocolError, receive, send, snapshot, unchanged } from "./wire.mjs";

/** @typedef {{ o: string, t?: unknown, s?: unknown, a: unknown }} Request */
/** @typedef {{ name: string, message: string, handle?: unknown, thrown?: unknown }} ErrorDescription */
/** @typedef {{ v?: unknown, e?: unknown, u?: unknown, w?: unknown }} Answer */
/** @typedef {(peer: Peer, target: unknown, parameters: unknown[], receiver: unknown) => unknown} Operation */

/** @type {{ readonly [name: string]: new (message: string) => Error }} */
const builtinErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

class Peer {
  /** @param {{ readonly [name: string]: Operation }} operations */
  constructor(operations) {
    this.operations = operations;
    /** @type {unknown[]} */
    this.objects = [];
    /** @type {Map<unknown, number>} */
    this.handles = new Map();
    /** @type {Map<number, unknown>} */
    this.remotes = new Map();
    /** @type {WeakMap<object, number>} */
    this.numbers = new WeakMap();
    this.requests = 0;
  }

  /** @param {unknown} value @returns {unknown[]} */
  exported(value) {
    const own =
      typeof value === "object" || typeof value === "function" ? this.numbers.get(Object(value)) : undefined;
    if (own !== undefined) return ["p", own];
    let number = this.handles.get(value);
    if (number === undefined) {
      number = this.objects.length;
      this.objects.push(value);
      this.handles.set(value, number);
    }
    return ["h", number, typeof value];
  }

  /** @param {unknown} number */
  object(number) {
    if (typeof number !== "number" || !(number in this.objects)) throw new ProtocolError("an unknown handle");
    return this.objects[number];
  }

  /** @param {unknown[]} encoded */
  resolved(encoded) {
    if (encoded[0] === "p") return this.object(encoded[1]);
    const number = encoded[1];
    if (encoded[0] !== "h" || typeof number !== "number")
      throw new ProtocolError("a value with an unknown tag");
    let remote = this.remotes.get(number);
    if (remote === undefined) {
      remote = makeRemote(this, number);
      this.remotes.set(number, remote);
      this.numbers.set(Object(remote), number);
    }
    return remote;
  }

  /**
   * Has the other end do something; blocks until its answer, serving what it asks meanwhile.
   * @param {string} operation
   * @param {unknown} target
   * @param {readonly unknown[]} [parameters]
   * @param {number} [receiver]
   */
  ask(operation, target, parameters = [], receiver) {
    this.requests++;
    const encoder = new Encoder((value) => this.exported(value));
    const encoded = parameters.map((item) => encoder.encode(item));
    send("Q", { o: operation, t: target, s: receiver, a: ["t", ...encoded] });
    while (true) {
      const { letter, body } = receive();
      if (letter === "A") return this.take(/** @type {Answer} */ (body), encoder.containers);
      if (letter !== "Q") throw new ProtocolError(`a frame of an unexpected kind: ${letter}`);
      this.serveNow(/** @type {Request} */ (body));
    }
  }

  /** @param {Answer} answer @param {import("./wire.mjs").Container[]} containers */
  take(answer, containers) {
    if (typeof answer !== "object" || answer === null) throw new ProtocolError("an answer that is none");
    const decoder = new Decoder((encoded) => this.resolved(encoded), containers);
    for (const [number, contents] of /** @type {[number, unknown[]][]} */ (answer.u ?? [])) {
      const container = containers[number];
      if (container === undefined) throw new ProtocolError("contents of a container that was not sent");
      decoder.fill(container, contents);
    }
    if (answer.e !== undefined) {
      const error = this.error(/** @type {ErrorDescription} */ (answer.e), decoder);
      if (answer.w === true) return Promise.reject(error);
      throw error;
    }
    const value = decoder.decode(answer.v);
    return answer.w === true ? Promise.resolve(value) : value;
  }

  /** @param {ErrorDescription} description @param {InstanceType<typeof Decoder>} decoder */
  error(description, decoder) {
    if ("thrown" in description) return decoder.decode(description.thrown);
    const name = String(description.name);
    const Kind = Object.hasOwn(builtinErrors, name) ? builtinErrors[name] : undefined;
    const error = new (Kind ?? Error)(String(description.message));
    if (Kind === undefined) Object.defineProperty(error, "name", { value: name, configurable: true });
    if (typeof description.handle === "number") this.numbers.set(error, description.handle);
    return error;
  }

  /** @param {unknown} error @param {InstanceType<typeof Encoder>} encoder */
  describe(error, encoder) {
    if (!(error instanceof Error)) return { thrown: encoder.encode(error) };
    const handle = this.exported(error)[1];
    const classes = [[null, String(error.name)]];
    return { name: String(error.name), message: String(error.message).slice(0, 2000), handle, classes };
  }

  /** @param {Request} request */
  serveNow(request) {
    const call = this.begin(request);
    this.sendAnswer(call.finish(call.value, call.failed, false));
  }

  /** @param {Answer} answer */
  sendAnswer(answer) {
    try {
      send("A", answer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      send("A", { e: this.describe(error, new Encoder((value) => this.exported(value))) });
    }
  }

  /** As `serveNow`, but a promise is waited for. @param {Request} request */
  async serveLater(request) {
    const call = this.begin(request);
    if (call.failed || !(call.value instanceof Promise)) {
      this.sendAnswer(call.finish(call.value, call.failed, false));
      return;
    }
    try {
      const value = await call.value;
      this.sendAnswer(call.finish(value, false, true));
    } catch (error) {
      this.sendAnswer(call.finish(error, true, true));
    }
  }

  /** @param {Request} request */
  begin(request) {
    const decoder = new Decoder((encoded) => this.resolved(encoded));
    /** @type {unknown[][]} */
    let before = [];
    /** @type {unknown} */
    let value;
    let failed = false;
    try {
      const parameters = /** @type {unknown[]} */ (decoder.decode(request.a));
      before = decoder.containers.map(snapshot);
      const operation = Object.hasOwn(this.operations, request.o) ? this.operations[request.o] : undefined;
      if (operation === undefined) throw new ProtocolError("an unknown operation");
      const receiver = typeof request.s === "number" ? this.object(request.s) : undefined;
      value = operation(this, request.t, parameters, receiver);
    } catch (error) {
      failed = true;
      value = error;
    }
    /** @param {unknown} outcome @param {boolean} threw @param {boolean} waited */
    const finish = (outcome, threw, waited) =>
      this.answer(outcome, threw, waited, decoder.containers, before);
    return { value, failed, finish };
  }

  /**
   * @param {unknown} outcome @param {boolean} failed @param {boolean} waited
   * @param {import("./wire.mjs").Container[]} containers @param {unknown[][]} before
   * @returns {Answer}
   */
  answer(outcome, failed, waited, containers, before) {
    /** @param {unknown} error */
    const failure = (error) => ({
      e: this.describe(error, new Encoder((value) => this.exported(value))),
      w: waited,
    });
    try {
      const encoder = new Encoder((value) => this.exported(value), containers);
      const u = containers.flatMap((container, number) =>
        unchanged(container, before[number] ?? []) ? [] : [[number, encoder.contents(container)]],
      );
      if (failed) return { u, e: this.describe(outcome, encoder), w: waited };
      return { u, v: encoder.encode(outcome), w: waited };
    } catch (error) {
      return failure(error);
    }
  }
}

/**
 * An object of the other end. It is a function for every test of equality, so that it equals only itself: a
 * comparison is never passed on.
 * @param {Peer} peer
 * @param {number} number
 */
function makeRemote(peer, number) {
  // Bound, because a bound function can be called and constructed and owns no `prototype`.
  const target = function target() {}.bind(undefined);
  /** @param {unknown} receiver */
  const handleOf = (receiver) =>
    (typeof receiver === "function" || typeof receiver === "object") && receiver !== null
      ? peer.numbers.get(receiver)
      : undefined;
  return new Proxy(target, {
    apply: (_, receiver, parameters) => peer.ask("call", number, parameters, handleOf(receiver)),
    construct: (_, parameters) => Object(peer.ask("new", number, parameters)),
    get(_, name) {
      if (typeof name === "string") return peer.ask("get", number, [name]);
      if (name === Symbol.iterator) return () => iterate(peer, number);
      if (name === Symbol.hasInstance)
        return (/** @type {unknown} */ value) => {
          const handle = handleOf(value);
          return handle !== undefined && peer.ask("instanceOf", number, [], handle) === true;
        };
      if (name === Symbol.toPrimitive)
        return (/** @type {string} */ hint) => {
          if (hint !== "string")
            throw new TypeError("an object of the program cannot be compared, only its values");
          return String(peer.ask("text", number));
        };
      return undefined;
    },
    set(_, name, value) {
      if (typeof name !== "string") return false;
      peer.ask("set", number, [name, value]);
      return true;
    },
    has: (_, name) => typeof name === "string" && peer.ask("has", number, [name]) === true,
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
    getPrototypeOf: () => null,
    setPrototypeOf: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    preventExtensions: () => false,
  });
}

/** @param {Peer} peer @param {number} number */
function* iterate(peer, number) {
  const iterator = peer.numbers.get(Object(peer.ask("iterate", number)));
  if (iterator === undefined) throw new ProtocolError("an iterator that is a value");
  while (true) {
    const step = peer.ask("next", iterator);
    if (!Array.isArray(step) || step.length > 1) throw new ProtocolError("a step that is not one value");
    if (step.length === 0) return;
    yield step[0];
  }
}

export { Peer };
