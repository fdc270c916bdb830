package dev.cotrace.format.pickle;

import java.util.Arrays;
import java.util.Optional;

/** The instructions of pickle protocol 2 that build plain values (Python's pickletools). */
enum Opcode {
  PROTO(0x80),
  STOP('.'),
  MARK('('),
  NONE('N'),
  NEWTRUE(0x88),
  NEWFALSE(0x89),
  BININT('J'),
  BININT1('K'),
  BININT2('M'),
  LONG1(0x8a),
  BINFLOAT('G'),
  BINUNICODE('X'),
  EMPTY_LIST(']'),
  APPEND('a'),
  APPENDS('e'),
  EMPTY_TUPLE(')'),
  TUPLE('t'),
  TUPLE1(0x85),
  TUPLE2(0x86),
  TUPLE3(0x87),
  EMPTY_DICT('}'),
  SETITEM('s'),
  SETITEMS('u'),
  BINPUT('q'),
  LONG_BINPUT('r'),
  BINGET('h'),
  LONG_BINGET('j'),
  GLOBAL('c'),
  BINPERSID('Q'),
  REDUCE('R');

  private final int code;

  Opcode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Optional<Opcode> of(int code) {
    return Arrays.stream(values()).filter(opcode -> opcode.code == code).findFirst();
  }
}
