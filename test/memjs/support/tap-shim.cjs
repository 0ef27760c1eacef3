'use strict';

/** What `require('tap')` brings MemJS's test files: `test` only writes down what there is to run. */
exports.tests = [];

exports.test = (name, run) => {
  exports.tests.push({ name, run });
};
