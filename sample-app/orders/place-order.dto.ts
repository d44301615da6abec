import { IsEmail, IsInt, IsNotEmpty, IsString, Max, MaxLength, Min } from 'class-validator';

/** The longest name that fits on a parcel's label. */
const LONGEST_PRODUCT_NAME = 100;
/** More than that is a typing error, or a wholesaler who should call. */
const LARGEST_ORDER = 1000;

export class PlaceOrderDto {
  @IsEmail()
  email!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_PRODUCT_NAME)
  product!: string;

  @IsInt()
  @Min(1)
  @Max(LARGEST_ORDER)
  quantity!: number;
}
