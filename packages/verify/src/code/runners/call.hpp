// Turns JSON into the arguments of a C++ function and its value into JSON. Stands before the program under test
// in one translation unit; `main` comes after it. What the program does to any of this only changes its answer.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <sstream>
#include <stack>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>
#include <unistd.h>

namespace aha_call {

struct Reader {
  const char* at;
  const char* end;
  [[noreturn]] void fail(const char* wanted) {
    std::fprintf(stderr, "the test's arguments do not fit the function: expected %s\n", wanted);
    std::_Exit(3);
  }
  void space() { while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++; }
  bool take(char c) {
    space();
    if (at < end && *at == c) { at++; return true; }
    return false;
  }
  void need(char c, const char* wanted) { if (!take(c)) fail(wanted); }
  bool word(const char* text) {
    space();
    std::size_t size = std::strlen(text);
    if (std::size_t(end - at) < size || std::memcmp(at, text, size) != 0) return false;
    at += size;
    return true;
  }
  std::string number() {
    space();
    const char* start = at;
    while (at < end && std::strchr("+-.0123456789eE", *at)) at++;
    if (at == start) fail("a number");
    return std::string(start, at);
  }
  unsigned hex() {
    unsigned value = 0;
    for (int i = 0; i < 4 && at < end; i++, at++)
      value = value * 16 + (*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
    return value;
  }
  std::string text() {
    need('"', "a string");
    std::string out;
    while (at < end && *at != '"') {
      if (*at != '\\') { out += *at++; continue; }
      at++;
      char c = *at++;
      if (c == 'n') out += '\n';
      else if (c == 't') out += '\t';
      else if (c == 'r') out += '\r';
      else if (c == 'b') out += '\b';
      else if (c == 'f') out += '\f';
      else if (c == 'u') {
        unsigned code = hex();
        if (code >= 0xd800 && code < 0xdc00 && end - at > 6 && at[0] == '\\' && at[1] == 'u') {
          at += 2;
          code = 0x10000 + ((code - 0xd800) << 10) + (hex() - 0xdc00);
        }
        if (code < 0x80) out += char(code);
        else if (code < 0x800) { out += char(0xc0 | code >> 6); out += char(0x80 | (code & 63)); }
        else if (code < 0x10000) { out += char(0xe0 | code >> 12); out += char(0x80 | (code >> 6 & 63)); out += char(0x80 | (code & 63)); }
        else { out += char(0xf0 | code >> 18); out += char(0x80 | (code >> 12 & 63)); out += char(0x80 | (code >> 6 & 63)); out += char(0x80 | (code & 63)); }
      } else out += c;
    }
    need('"', "the end of a string");
    return out;
  }
};

template <class T> struct Value;
template <class T> T read(Reader& in) { return Value<T>::read(in); }
template <class T> void write(std::string& out, const T& value) { Value<std::decay_t<T>>::write(out, value); }

template <> struct Value<bool> {
  static bool read(Reader& in) {
    if (in.word("true")) return true;
    if (in.word("false")) return false;
    in.fail("true or false");
  }
  static void write(std::string& out, bool value) { out += value ? "true" : "false"; }
};

inline std::string encode(std::string_view text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') { out += '\\'; out += char(c); }
    else if (c < 0x20) { char code[8]; std::snprintf(code, sizeof code, "\\u%04x", c); out += code; }
    else out += char(c);
  }
  return out + "\"";
}

template <> struct Value<std::string> {
  static std::string read(Reader& in) { return in.text(); }
  static void write(std::string& out, const std::string& value) { out += encode(value); }
};
template <> struct Value<const char*> {
  static void write(std::string& out, const char* value) { out += value ? encode(value) : "null"; }
};
template <> struct Value<std::string_view> {
  static void write(std::string& out, std::string_view value) { out += encode(value); }
};
template <> struct Value<char> {
  static char read(Reader& in) {
    std::string text = in.text();
    if (text.size() != 1) in.fail("a string of one character");
    return text[0];
  }
  static void write(std::string& out, char value) { out += encode(std::string_view(&value, 1)); }
};

template <class T> requires std::is_arithmetic_v<T> struct Value<T> {
  static T read(Reader& in) {
    std::string text = in.number();
    if constexpr (std::is_floating_point_v<T>) return T(std::strtold(text.c_str(), nullptr));
    bool exact = text.find_first_of(".eE") == std::string::npos;
    if (!exact) return T(std::strtold(text.c_str(), nullptr));
    if constexpr (std::is_unsigned_v<T>) return T(std::strtoull(text.c_str(), nullptr, 10));
    return T(std::strtoll(text.c_str(), nullptr, 10));
  }
  static void write(std::string& out, T value) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) { out += "\"NaN\""; return; }
      if (std::isinf(value)) { out += value > 0 ? "\"Infinity\"" : "\"-Infinity\""; return; }
      char text[64];
      std::snprintf(text, sizeof text, "%.17Lg", (long double)value);
      out += text;
    } else out += std::to_string(value);
  }
};

template <class List> void write_items(std::string& out, const List& items) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    aha_call::write<typename List::value_type>(out, item);
  }
  out += ']';
}
template <class List> List read_items(Reader& in) {
  List items;
  in.need('[', "a list");
  if (in.take(']')) return items;
  do items.insert(items.end(), aha_call::read<typename List::value_type>(in)); while (in.take(','));
  in.need(']', "the end of a list");
  return items;
}
template <class T>
concept Items = requires(T t) { typename T::value_type; t.begin(); t.insert(t.end(), *t.begin()); };
template <class T> concept Entries = Items<T> && requires { typename T::mapped_type; };

template <class T> requires(Items<T> && !Entries<T>) struct Value<T> {
  static T read(Reader& in) { return read_items<T>(in); }
  static void write(std::string& out, const T& value) { write_items(out, value); }
};
template <class T> struct Value<std::vector<T>> {
  static std::vector<T> read(Reader& in) { return read_items<std::vector<T>>(in); }
  static void write(std::string& out, const std::vector<T>& value) { write_items(out, value); }
};
template <class T, std::size_t size> struct Value<std::array<T, size>> {
  static std::array<T, size> read(Reader& in) {
    auto items = read_items<std::vector<T>>(in);
    if (items.size() != size) in.fail("a list of the array's length");
    std::array<T, size> value;
    std::move(items.begin(), items.end(), value.begin());
    return value;
  }
  static void write(std::string& out, const std::array<T, size>& value) { write_items(out, value); }
};

/** JSON's keys are strings; a key of another type is written between quotes. */
template <class Key> Key read_key(Reader& in) {
  if constexpr (std::is_same_v<Key, std::string> || std::is_same_v<Key, char>) return aha_call::read<Key>(in);
  std::string text = in.text();
  Reader inner{text.data(), text.data() + text.size()};
  return aha_call::read<Key>(inner);
}
template <Entries T> struct Value<T> {
  static T read(Reader& in) {
    T value;
    in.need('{', "an object");
    if (in.take('}')) return value;
    do {
      auto key = read_key<typename T::key_type>(in);
      in.need(':', "a colon");
      value.emplace(std::move(key), aha_call::read<typename T::mapped_type>(in));
    } while (in.take(','));
    in.need('}', "the end of an object");
    return value;
  }
  static void write(std::string& out, const T& value) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value) {
      if (!first) out += ',';
      first = false;
      std::string name;
      aha_call::write(name, key);
      out += name.empty() || name[0] != '"' ? encode(name) : name;
      out += ':';
      aha_call::write(out, item);
    }
    out += '}';
  }
};

template <class... T> struct Value<std::tuple<T...>> {
  static std::tuple<T...> read(Reader& in) {
    std::tuple<T...> value;
    in.need('[', "a list");
    read_each(in, value, std::index_sequence_for<T...>());
    in.need(']', "no further argument or element");
    return value;
  }
  template <std::size_t... place>
  static void read_each(Reader& in, std::tuple<T...>& value, std::index_sequence<place...>) {
    ((place == 0 ? void() : in.need(',', "a further argument or element"),
      std::get<place>(value) = aha_call::read<T>(in)), ...);
  }
  static void write(std::string& out, const std::tuple<T...>& value) {
    out += '[';
    bool first = true;
    std::apply([&](const auto&... item) {
      ((out += first ? "" : ",", first = false, aha_call::write(out, item)), ...);
    }, value);
    out += ']';
  }
};
template <class A, class B> struct Value<std::pair<A, B>> {
  static std::pair<A, B> read(Reader& in) {
    auto [first, second] = aha_call::read<std::tuple<A, B>>(in);
    return {std::move(first), std::move(second)};
  }
  static void write(std::string& out, const std::pair<A, B>& value) {
    aha_call::write(out, std::tuple<A, B>(value.first, value.second));
  }
};
template <class T> struct Value<std::optional<T>> {
  static std::optional<T> read(Reader& in) {
    if (in.word("null")) return std::nullopt;
    return aha_call::read<T>(in);
  }
  static void write(std::string& out, const std::optional<T>& value) {
    if (value) aha_call::write(out, *value);
    else out += "null";
  }
};
template <> struct Value<std::nullptr_t> {
  static void write(std::string& out, std::nullptr_t) { out += "null"; }
};

/** Calls with the arguments as the function declares them; a function without value answers its first argument. */
template <class Result, class Call, class... Parameters> std::string invoke(Call call, const std::string& json) {
  Reader in{json.data(), json.data() + json.size()};
  auto values = read<std::tuple<std::decay_t<Parameters>...>>(in);
  std::string out;
  auto apply = [&](auto&... value) -> decltype(auto) { return call(static_cast<Parameters>(value)...); };
  if constexpr (!std::is_void_v<Result>) write<std::decay_t<Result>>(out, std::apply(apply, values));
  else {
    std::apply(apply, values);
    if constexpr (sizeof...(Parameters) > 0) write(out, std::get<0>(values));
    else out = "null";
  }
  return out;
}
template <class Result, class... Parameters>
std::string run(Result (*function)(Parameters...), const std::string& json) {
  return invoke<Result, Result (*)(Parameters...), Parameters...>(function, json);
}
template <class Result, class Owner, class... Parameters>
std::string run(Result (Owner::*method)(Parameters...), const std::string& json) {
  Owner owner;
  auto call = [&](Parameters... value) -> Result { return (owner.*method)(static_cast<Parameters>(value)...); };
  return invoke<Result, decltype(call), Parameters...>(call, json);
}
template <class Result, class Owner, class... Parameters>
std::string run(Result (Owner::*method)(Parameters...) const, const std::string& json) {
  Owner owner;
  auto call = [&](Parameters... value) -> Result { return (owner.*method)(static_cast<Parameters>(value)...); };
  return invoke<Result, decltype(call), Parameters...>(call, json);
}

}  // namespace aha_call
