/* arithmetic: the four operations on numbers (number.h), and the whole quotient with its remainder.
 *
 * Two exact numbers give an exact one, which nothing has rounded, but for a quotient that does not end. If one of the
 * two is floating, both are taken as the nearest doubles, and the result is the double of that operation.
 *
 * Each function sets *result and returns NUMBER_OK; or it returns NUMBER_BEYOND if the result is beyond the exact
 * range, or beyond the largest double, and NUMBER_NONE if there is no result: a division by zero. *result is undefined
 * then. result may point to a or b. */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include "value/number.h"

enum { ARITHMETIC_DIGITS = 34 }; /* of a quotient that does not end; those of decimal128 in IEEE 754 */

enum number_answer arithmetic_add(struct number a, struct number b, struct number *result);
enum number_answer arithmetic_subtract(struct number a, struct number b, struct number *result);
enum number_answer arithmetic_multiply(struct number a, struct number b, struct number *result);

/* The true quotient. It is exact if it ends within the exact range. Otherwise it is rounded to ARITHMETIC_DIGITS
 * significant digits, of which at most NUMBER_SCALE_MAX stand after the point: to the nearest, and half way between two
 * to the one with the even last digit. A quotient that would be rounded to 0 is NUMBER_BEYOND. */
enum number_answer arithmetic_divide(struct number a, struct number b, struct number *result);

/* The quotient without what follows its point, and what a has beyond that multiple of b: its sign is that of a, as of
 * the integers of C. Of floating numbers, both are floating. */
enum number_answer arithmetic_whole_quotient(struct number a, struct number b, struct number *result);
enum number_answer arithmetic_remainder(struct number a, struct number b, struct number *result);

/* Returns -number. Returns false if that is beyond the exact range. */
bool arithmetic_negate(struct number number, struct number *result);

#endif
